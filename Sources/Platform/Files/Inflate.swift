internal import CZlib

/// A compressed stream, decompressed as it is read.
///
/// - Source: RFC 1950–1952; zlib manual, "Advanced Functions".
/// - Threading: one thread at a time.
@safe
public final class InflateStream: ByteStream {
    /// How the bytes are compressed.
    public enum Format: Sendable {
        /// One or more gzip members, one after the other.
        case gzip
        /// Deflate without a header, as inside a zip file.
        case deflate
    }

    private let source: any ByteStream
    private let path: String
    private let format: Format
    /// In its own memory, since zlib remembers its address.
    private let state: UnsafeMutablePointer<z_stream>
    private let input: UnsafeMutableRawBufferPointer
    private var isFinished = false
    private var sawAnything = false
    private static let inputBytes = 64 << 10

    /// - Parameter path: named in errors.
    public init(_ source: any ByteStream, _ format: Format, path: String) throws(StreamError) {
        self.source = source
        self.path = path
        self.format = format
        unsafe input = .allocate(byteCount: Self.inputBytes, alignment: 64)
        unsafe state = .allocate(capacity: 1)
        unsafe state.initialize(to: z_stream())
        let bits: Int32 = format == .gzip ? 15 + 16 : -15
        let status = unsafe inflateInit2_(state, bits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        guard status == Z_OK else { throw StreamError(path: path, "zlib cannot start (\(status))") }
    }

    deinit {
        unsafe inflateEnd(state)
        unsafe state.deallocate()
        unsafe input.deallocate()
    }

    public var fileBytesRead: Int64 { source.fileBytesRead }

    public func read(into buffer: UnsafeMutableRawBufferPointer) throws(StreamError) -> Int {
        unsafe state.pointee.next_out = buffer.baseAddress?.assumingMemoryBound(to: UInt8.self)
        unsafe state.pointee.avail_out = UInt32(min(buffer.count, Int(UInt32.max)))
        let wanted = unsafe state.pointee.avail_out
        while unsafe state.pointee.avail_out > 0 && !isFinished {
            if unsafe state.pointee.avail_in == 0 {
                guard try refill() else { break }
            }
            let status = unsafe inflate(state, Z_NO_FLUSH)
            switch status {
            case Z_OK: sawAnything = true
            case Z_STREAM_END: try startNextMember()
            case Z_BUF_ERROR where unsafe state.pointee.avail_in == 0: continue
            default: throw StreamError(path: path, "damaged compressed data (\(reason(status)))")
            }
        }
        return Int(unsafe wanted - state.pointee.avail_out)
    }

    /// Gets more compressed bytes; false at an end that is in order.
    private func refill() throws(StreamError) -> Bool {
        let count = unsafe try source.read(into: input)
        unsafe state.pointee.next_in = input.baseAddress?.assumingMemoryBound(to: UInt8.self)
        unsafe state.pointee.avail_in = UInt32(count)
        if count > 0 { return true }
        // An empty gzip file is an empty stream; anything else ends with its last member.
        guard !sawAnything else { throw StreamError(path: path, "the compressed data ends in the middle") }
        isFinished = true
        return false
    }

    /// After the end of a member: another one, or nothing.
    private func startNextMember() throws(StreamError) {
        sawAnything = false
        guard format == .gzip else {
            isFinished = true
            return
        }
        if unsafe state.pointee.avail_in == 0 {
            guard try refill() else { return }
        }
        // Tape and block devices pad with zeros, which are no member.
        if unsafe state.pointee.next_in.pointee == 0 {
            isFinished = true
            return
        }
        guard unsafe inflateReset(state) == Z_OK else { throw StreamError(path: path, "zlib cannot start again") }
    }

    private func reason(_ status: Int32) -> String {
        unsafe state.pointee.msg.map { unsafe String(cString: $0) } ?? "zlib status \(status)"
    }
}
