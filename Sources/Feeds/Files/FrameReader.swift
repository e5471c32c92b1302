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
            let text = unsafe Self.trimmed(line)
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

    private static func trimmed(_ line: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        var end = line.count
        while end > 0, unsafe line[end - 1] == 10 || line[end - 1] == 13 { end -= 1 }
        return unsafe UnsafeRawBufferPointer(rebasing: line[..<end])
    }
}

/// The lines of one slice of event time as a frame, as they stand in the file.
///
/// A line that is older than its slice, or whose time cannot be read, stays where it is: in the frame that is being
/// collected. A frame is cut at `mostBytes`.
@safe
final class ColumnFrameReader: FrameReader {
    private let lines: LineReader
    private let row: CSVRow
    private let timeColumn: Int
    private var times: CSVTimeReader
    private let sliceNs: Int64
    private var slice = Int64.min
    private var hasLine = false
    /// The line that did not fit the frame before.
    private var pending: UnsafeRawBufferPointer?
    private let frame: UnsafeMutableRawBufferPointer
    private var frameBytes = 0
    private static let mostBytes = 64 << 10

    /// - Precondition: the mapping was checked and has positions.
    init(_ lines: LineReader, _ mapping: CSVMapping, sliceNs: Int64) {
        self.lines = lines
        self.sliceNs = sliceNs
        guard case .position(let place) = mapping.time else { preconditionFailure("the time column has no position") }
        timeColumn = place
        row = CSVRow(fields: place + 1, delimiter: mapping.delimiter)
        times = CSVTimeReader(mapping)
        unsafe frame = .allocate(byteCount: Self.mostBytes, alignment: 64)
        unsafe pending = nil
    }

    deinit { unsafe frame.deallocate() }

    var fileBytesRead: Int64 { lines.fileBytesRead }

    func next() throws -> FileFrame? {
        frameBytes = 0
        while let line = unsafe try pending ?? lines.next() {
            let wasPending = unsafe pending != nil
            unsafe pending = nil
            let lineSlice = unsafe wasPending ? slice : sliceOfLine(line)
            if frameBytes > 0, lineSlice > slice || frameBytes + line.count > Self.mostBytes {
                let keyNs = keyNs
                slice = max(slice, lineSlice)
                unsafe pending = unsafe line
                return unsafe FileFrame(
                    keyNs: keyNs, recordedNs: nil, payload: UnsafeRawBufferPointer(rebasing: frame[..<frameBytes]))
            }
            slice = max(slice, lineSlice)
            // A line longer than a frame is a frame of its own, straight from the reader.
            if line.count > Self.mostBytes { return unsafe FileFrame(keyNs: keyNs, recordedNs: nil, payload: line) }
            unsafe frame.baseAddress?.advanced(by: frameBytes).copyMemory(
                from: line.baseAddress!, byteCount: line.count)
            frameBytes += line.count
        }
        guard frameBytes > 0 else { return nil }
        return unsafe FileFrame(
            keyNs: keyNs, recordedNs: nil, payload: UnsafeRawBufferPointer(rebasing: frame[..<frameBytes]))
    }

    private var keyNs: Int64 { slice == .min ? .min : slice * sliceNs }

    /// The number of the slice that the line's time is in; the current one where it has no time.
    private func sliceOfLine(_ line: UnsafeRawBufferPointer) -> Int64 {
        var end = line.count
        while end > 0, unsafe line[end - 1] == 10 || line[end - 1] == 13 { end -= 1 }
        unsafe row.split(UnsafeRawBufferPointer(rebasing: line[..<end]))
        guard let text = unsafe row.bytes(timeColumn), let time = times.read(text), time > 0, time < CSVTimeReader.endNs
        else { return slice }
        return time / sliceNs
    }
}
