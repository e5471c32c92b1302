internal import CLZMA

/// A stream in the format of `.xz` or `.lzma` (LZMA alone), decompressed as it is read.
///
/// - Shape: memory as the stream's dictionary asks for, at most `mostMemoryBytes`.
/// - Source: liblzma 5.4, `lzma/base.h` and `lzma/container.h`; the .lzma header in "lzma-file-format.txt" of XZ Utils.
/// - Threading: one thread at a time.
@safe
public final class LZMAStream: ByteStream {
    /// `xz -9` needs 65 MiB; a header that asks for more is damaged or hostile.
    public static let mostMemoryBytes = 128 << 20

    private let source: any ByteStream
    private let path: String
    /// In its own memory, since liblzma remembers its address.
    private let state: UnsafeMutablePointer<lzma_stream>
    private let input: UnsafeMutableRawBufferPointer
    private var isSourceFinished = false
    private var isFinished = false
    private static let inputBytes = 64 << 10

    /// - Parameter path: named in errors.
    public init(_ source: any ByteStream, path: String) throws(StreamError) {
        self.source = source
        self.path = path
        unsafe input = .allocate(byteCount: Self.inputBytes, alignment: 64)
        unsafe state = .allocate(capacity: 1)
        unsafe state.initialize(to: lzma_stream())
        let status = unsafe lzma_auto_decoder(state, UInt64(Self.mostMemoryBytes), td_lzma_concatenated)
        guard status == LZMA_OK else { throw StreamError(path: path, "liblzma cannot start (\(status.rawValue))") }
    }

    deinit {
        unsafe lzma_end(state)
        unsafe state.deallocate()
        unsafe input.deallocate()
    }

    public var fileBytesRead: Int64 { source.fileBytesRead }

    public func read(into buffer: UnsafeMutableRawBufferPointer) throws(StreamError) -> Int {
        unsafe state.pointee.next_out = buffer.baseAddress?.assumingMemoryBound(to: UInt8.self)
        unsafe state.pointee.avail_out = buffer.count
        while unsafe state.pointee.avail_out > 0 && !isFinished {
            if unsafe state.pointee.avail_in == 0 && !isSourceFinished { try refill() }
            let status = unsafe lzma_code(state, isSourceFinished ? LZMA_FINISH : LZMA_RUN)
            switch status {
            case LZMA_OK: continue
            case LZMA_STREAM_END: isFinished = true
            case LZMA_BUF_ERROR where !isSourceFinished: continue
            default: throw StreamError(path: path, Self.reason(status))
            }
        }
        return unsafe buffer.count - state.pointee.avail_out
    }

    private func refill() throws(StreamError) {
        let count = unsafe try source.read(into: input)
        unsafe state.pointee.next_in = UnsafePointer(input.baseAddress?.assumingMemoryBound(to: UInt8.self))
        unsafe state.pointee.avail_in = count
        isSourceFinished = count == 0
    }

    private static func reason(_ status: lzma_ret) -> String {
        switch status {
        case LZMA_BUF_ERROR: "the compressed data ends in the middle"
        case LZMA_MEMLIMIT_ERROR: "its header asks for more than \(mostMemoryBytes >> 20) MiB of memory"
        case LZMA_FORMAT_ERROR: "it is neither .xz nor .lzma"
        case LZMA_MEM_ERROR: "there is not enough memory"
        default: "damaged compressed data (liblzma status \(status.rawValue))"
        }
    }
}
