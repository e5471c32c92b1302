internal import Platform

/// One frame of a file, ready to be pushed.
@safe
struct FileFrame {
    /// When it is due among the frames of other files: a receive time, or the start of its slice of event time;
    /// the smallest number where the file does not tell.
    let keyNs: Int64
    /// Receive time as recorded; nil where the file has none.
    let recordedNs: Int64?
    /// Valid until the next frame is read.
    @unsafe let payload: UnsafeRawBufferPointer
}

/// Reads the frames of one file in order.
///
/// - Threading: one thread at a time.
protocol FrameReader: AnyObject {
    /// The next frame; nil at the end.
    func next() throws -> FileFrame?
    /// Bytes of the file on disk that were read so far.
    var fileBytesRead: Int64 { get }
}

/// One frame per line, with or without the receive time before it.
///
/// A line of a recording that does not start with a time is passed on whole, with the time of the line before, so
/// that the decoder rejects it where all can see it.
final class LineFrameReader: FrameReader {
    private let lines: LineReader
    private let isRecorded: Bool
    private var lastNs: Int64 = 0

    init(_ lines: LineReader, isRecorded: Bool) {
        self.lines = lines
        self.isRecorded = isRecorded
    }

    var fileBytesRead: Int64 { lines.fileBytesRead }

    func next() throws -> FileFrame? {
        while let line = unsafe try lines.next() {
            let text = unsafe TextLines.withoutBreak(line)
            if text.count == 0 { continue }
            guard isRecorded else { return unsafe FileFrame(keyNs: .min, recordedNs: nil, payload: text) }
            guard let (timeNs, digits) = unsafe Self.time(text) else {
                return unsafe FileFrame(keyNs: lastNs, recordedNs: lastNs, payload: text)
            }
            lastNs = timeNs
            let payload = unsafe UnsafeRawBufferPointer(rebasing: text[(digits + 1)...])
            return unsafe FileFrame(keyNs: timeNs, recordedNs: timeNs, payload: payload)
        }
        return nil
    }

    /// Digits and a space.
    private static func time(_ text: UnsafeRawBufferPointer) -> (ns: Int64, digits: Int)? {
        var value: Int64 = 0
        var place = 0
        while place < min(text.count, 19), case let digit = unsafe text[place] &- 48, digit <= 9 {
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(Int64(digit))
            guard !overflow, !carry else { return nil }
            value = sum
            place += 1
        }
        guard place >= 18, place < text.count, unsafe text[place] == UInt8(ascii: " ") else { return nil }
        return (value, place)
    }
}

/// A whole file as one frame.
@safe
final class DocumentFrameReader: FrameReader {
    private let stream: any ByteStream
    private let path: String
    private var buffer = unsafe UnsafeMutableRawBufferPointer(start: nil, count: 0)
    private var isRead = false
    private static let mostBytes = 16 << 20

    init(_ stream: any ByteStream, path: String) {
        self.stream = stream
        self.path = path
    }

    deinit { unsafe buffer.deallocate() }

    var fileBytesRead: Int64 { stream.fileBytesRead }

    func next() throws -> FileFrame? {
        guard !isRead else { return nil }
        isRead = true
        var count = 0
        while true {
            if unsafe count == buffer.count { try grow() }
            let more = unsafe try stream.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[count...]))
            if more == 0 { break }
            count += more
        }
        return unsafe FileFrame(
            keyNs: .min, recordedNs: nil, payload: UnsafeRawBufferPointer(rebasing: buffer[..<count]))
    }

    private func grow() throws {
        let old = unsafe buffer
        guard old.count < Self.mostBytes else {
            throw StreamError(path: path, "it is larger than the \(Self.mostBytes >> 20) MiB that a document may have")
        }
        unsafe buffer = .allocate(byteCount: max(64 << 10, 2 * old.count), alignment: 16)
        unsafe buffer.copyMemory(from: UnsafeRawBufferPointer(old))
        unsafe old.deallocate()
    }
}
