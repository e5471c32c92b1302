internal import CDecode
internal import Glibc
internal import Platform

/// One line of a text file cut into fields.
///
/// Fields may stand in quotes, with the delimiter inside; a line break inside quotes is not supported.
///
/// - Threading: one thread at a time.
@safe
final class CSVRow {
    private var line: UnsafePointer<UInt8>
    /// Start and end of each field in the line.
    private let bounds: UnsafeMutablePointer<(start: Int32, end: Int32)>
    private let wanted: Int
    private let delimiter: UInt8
    /// Fields found, at most those that are wanted.
    private(set) var count = 0

    /// - Parameter fields: how many fields from the start of a line are of interest.
    init(fields: Int, delimiter: Character) {
        wanted = fields
        self.delimiter = delimiter.asciiValue ?? UInt8(ascii: ",")
        unsafe bounds = .allocate(capacity: fields)
        unsafe line = UnsafePointer(bitPattern: 1)!
    }

    deinit { unsafe bounds.deallocate() }

    /// Cuts a line, without its line break. It must stay in memory while its fields are read.
    func split(_ text: UnsafeRawBufferPointer) {
        count = 0
        guard let base = unsafe text.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return }
        unsafe line = base
        var start = 0
        let end = text.count
        while count < wanted {
            var place = start
            if place < end, unsafe base[place] == 34 {  // a quote
                place += 1
                while place < end, unsafe base[place] != 34 || (place + 1 < end && base[place + 1] == 34) {
                    place += unsafe base[place] == 34 ? 2 : 1
                }
                place = min(place, end)
                unsafe bounds[count] = (Int32(start + 1), Int32(max(place, start + 1)))
                while place < end, unsafe base[place] != delimiter { place += 1 }
            } else {
                while place < end, unsafe base[place] != delimiter { place += 1 }
                unsafe bounds[count] = (Int32(start), Int32(place))
            }
            count += 1
            if place >= end { return }
            start = place + 1
        }
    }

    /// The bytes of a field; nil where it is missing or empty.
    func bytes(_ field: Int) -> UnsafeRawBufferPointer? {
        guard field >= 0, field < count else { return nil }
        let (start, end) = unsafe bounds[field]
        guard end > start else { return nil }
        return unsafe UnsafeRawBufferPointer(start: line + Int(start), count: Int(end - start))
    }

    /// Where a field stands in the line, empty or not; nil where the line has no such field.
    func place(_ field: Int) -> Range<Int>? {
        guard field >= 0, field < count else { return nil }
        let (start, end) = unsafe bounds[field]
        return Int(start)..<Int(end)
    }

    /// A field as a number; nil where it is none. `bytes(field)` says whether there is anything.
    func number(_ field: Int) -> Double? {
        guard let text = unsafe bytes(field) else { return nil }
        var value = 0.0
        let start = unsafe text.baseAddress?.assumingMemoryBound(to: CChar.self)
        return unsafe td_read_decimal(start, text.count, &value) ? value : nil
    }
}

/// The lines of a block of text.
enum TextLines {
    /// Calls `body` with each line, without its line break, and its number from 0.
    static func forEach(
        _ text: UnsafeRawBufferPointer, _ body: (_ line: UnsafeRawBufferPointer, _ number: Int) -> Void
    ) {
        var start = 0
        var number = 0
        while start < text.count {
            let rest = unsafe UnsafeRawBufferPointer(rebasing: text[start...])
            let length = unsafe lengthOfLine(rest)
            var end = length
            if end > 0, unsafe rest[end - 1] == UInt8(ascii: "\r") { end -= 1 }
            unsafe body(UnsafeRawBufferPointer(rebasing: rest[..<end]), number)
            start += length + 1
            number += 1
        }
    }

    /// A line without the line break at its end.
    static func withoutBreak(_ line: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        var end = line.count
        while end > 0, unsafe line[end - 1] == 10 || line[end - 1] == 13 { end -= 1 }
        return unsafe UnsafeRawBufferPointer(rebasing: line[..<end])
    }

    /// Bytes before the first line break, or all of them.
    static func lengthOfLine(_ text: UnsafeRawBufferPointer) -> Int {
        guard let base = text.baseAddress else { return 0 }
        guard let found = unsafe memchr(base, 10, text.count) else { return text.count }
        return unsafe UnsafeRawPointer(found) - base
    }
}
