internal import Platform

/// The lines of one slice of time as a frame, as they stand in the file: of receive times where the lines have them,
/// otherwise of event times.
///
/// A line that is older than its slice, or whose time cannot be read, stays where it is: in the frame that is being
/// collected. A frame is cut at `mostBytes`.
@safe
final class ColumnFrameReader: FrameReader {
    private let lines: any LineSource
    private let row: CSVRow
    private let timeColumn: Int
    private let timeOfDayColumn: Int
    private let hasReceiveTimes: Bool
    private var times: CSVTimeReader
    private let filler: BlankFiller?
    private let sliceNs: Int64
    private var slice = Int64.min
    /// The line that did not fit the frame before, and its time.
    private var pending: UnsafeRawBufferPointer?
    private var pendingNs: Int64?
    private let frame: UnsafeMutableRawBufferPointer
    private var frameBytes = 0
    /// Time of the first line of the frame.
    private var firstNs: Int64?
    private static let mostBytes = 64 << 10

    /// - Precondition: the mapping was checked and has positions.
    init(_ lines: any LineSource, _ mapping: CSVMapping, sliceNs: Int64) {
        self.lines = lines
        self.sliceNs = sliceNs
        hasReceiveTimes = mapping.receiveTime != nil
        guard let place = (mapping.receiveTime ?? mapping.time).place else {
            preconditionFailure("the time column has no position")
        }
        timeColumn = place
        timeOfDayColumn = hasReceiveTimes ? -1 : mapping.timeOfDay?.place ?? -1
        row = CSVRow(fields: max(timeColumn, timeOfDayColumn) + 1, delimiter: mapping.delimiter)
        times = CSVTimeReader(mapping)
        filler = BlankFiller(mapping)
        unsafe frame = .allocate(byteCount: Self.mostBytes, alignment: 64)
        unsafe pending = nil
    }

    deinit { unsafe frame.deallocate() }

    var fileBytesRead: Int64 { lines.fileBytesRead }

    func next() throws -> FileFrame? {
        frameBytes = 0
        while let line = unsafe try pending ?? nextLine() {
            let timeNs = unsafe pending == nil ? time(of: line) : pendingNs
            let lineSlice = timeNs.map { $0 / sliceNs } ?? slice
            if frameBytes > 0, lineSlice > slice || frameBytes + line.count > Self.mostBytes {
                unsafe pending = unsafe line
                pendingNs = timeNs
                return collected()
            }
            unsafe pending = nil
            slice = max(slice, lineSlice)
            if frameBytes == 0 { firstNs = timeNs }
            // A line longer than a frame is a frame of its own, straight from the reader.
            if line.count > Self.mostBytes { return unsafe makeFrame(line) }
            unsafe frame.baseAddress?.advanced(by: frameBytes).copyMemory(
                from: line.baseAddress!, byteCount: line.count)
            frameBytes += line.count
        }
        return frameBytes > 0 ? collected() : nil
    }

    private func nextLine() throws -> UnsafeRawBufferPointer? {
        guard let line = unsafe try lines.next() else { return nil }
        return unsafe filler?.fill(line) ?? line
    }

    private func collected() -> FileFrame {
        unsafe makeFrame(UnsafeRawBufferPointer(rebasing: frame[..<frameBytes]))
    }

    private func makeFrame(_ payload: UnsafeRawBufferPointer) -> FileFrame {
        unsafe FileFrame(
            keyNs: slice == .min ? .min : slice * sliceNs, recordedNs: hasReceiveTimes ? firstNs : nil, payload: payload
        )
    }

    /// The time that orders the line; nil where it has none.
    private func time(of line: UnsafeRawBufferPointer) -> Int64? {
        unsafe row.split(TextLines.withoutBreak(line))
        let time =
            timeOfDayColumn >= 0
            ? times.read(day: unsafe row.bytes(timeColumn), ofDay: unsafe row.bytes(timeOfDayColumn))
            : unsafe row.bytes(timeColumn).flatMap { times.read($0) }
        guard let time, time > 0, time < CSVTimeReader.endNs else { return nil }
        return time
    }
}
