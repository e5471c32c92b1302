internal import Platform

/// How a binary file is made of records of one length.
struct FixedRecords: Sendable, Equatable {
    /// Bytes of a record.
    let bytes: Int
    /// Where in a record its time stands: an unsigned 32-bit number, highest byte first.
    let timeOffset: Int
    /// What the time counts, in nanoseconds.
    let timeUnitNs: Int64
    /// The moment from which it counts, in nanoseconds since 1970 UTC.
    let originNs: Int64

    /// The time of the record that starts at `start`.
    func timeNs(_ bytes: UnsafeRawBufferPointer, at start: Int) -> Int64 {
        originNs + Int64(unsafe BigEndian.uint32(bytes, start + timeOffset)) * timeUnitNs
    }
}

/// Numbers whose highest byte comes first.
enum BigEndian {
    /// - Precondition: four bytes are there.
    static func uint32(_ bytes: UnsafeRawBufferPointer, _ start: Int) -> UInt32 {
        unsafe UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: start, as: UInt32.self))
    }
}

/// The records of one slice of event time as a frame, as they stand in the file.
///
/// A record that is older than its slice stays where it is: in the frame that is being collected. Bytes at the end that
/// are no whole record are a frame of their own, so that the decoder rejects them where all can see it.
@safe
final class RecordFrameReader: FrameReader {
    private let stream: any ByteStream
    private let layout: FixedRecords
    private let sliceNs: Int64
    private var slice = Int64.min
    private let buffer: UnsafeMutableRawBufferPointer
    private var start = 0
    private var end = 0
    private var isAtEnd = false
    private static let mostBytes = 64 << 10

    init(_ stream: any ByteStream, _ layout: FixedRecords, sliceNs: Int64) {
        self.stream = stream
        self.layout = layout
        self.sliceNs = sliceNs
        unsafe buffer = .allocate(byteCount: 4 * Self.mostBytes, alignment: 64)
    }

    deinit { unsafe buffer.deallocate() }

    var fileBytesRead: Int64 { stream.fileBytesRead }

    func next() throws -> FileFrame? {
        var length = 0
        while true {
            if end - start - length < layout.bytes {
                if !isAtEnd {
                    try refill()
                    continue
                }
                if length == 0 { length = end - start }
                break
            }
            let recordSlice = unsafe layout.timeNs(UnsafeRawBufferPointer(buffer), at: start + length) / sliceNs
            if length > 0, recordSlice > slice || length + layout.bytes > Self.mostBytes { break }
            slice = max(slice, recordSlice)
            length += layout.bytes
        }
        guard length > 0 else { return nil }
        let payload = unsafe UnsafeRawBufferPointer(rebasing: buffer[start..<start + length])
        start += length
        let keyNs = slice == .min ? layout.originNs : slice * sliceNs
        return unsafe FileFrame(keyNs: keyNs, recordedNs: nil, payload: payload)
    }

    private func refill() throws(StreamError) {
        if start > 0 {
            unsafe buffer.baseAddress?.copyMemory(from: buffer.baseAddress! + start, byteCount: end - start)
            end -= start
            start = 0
        }
        let count = unsafe try stream.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[end...]))
        end += count
        isAtEnd = count == 0
    }
}
