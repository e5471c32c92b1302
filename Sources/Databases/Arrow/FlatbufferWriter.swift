/// Writes a FlatBuffer from front to back: what a place refers to comes behind it.
///
/// - Source: FlatBuffers, "FlatBuffer Internals".
struct FlatbufferWriter {
    /// A field of a table.
    enum Field {
        /// Left out: readers take the default.
        case absent
        case byte(UInt8)
        case short(Int16)
        case int(Int32)
        case long(Int64)
        /// Refers to what is written next for its place.
        case reference

        fileprivate var width: Int {
            switch self {
            case .absent: 0
            case .byte: 1
            case .short: 2
            case .int, .reference: 4
            case .long: 8
            }
        }
    }

    /// What was written so far; begins with the reference to the root.
    private(set) var bytes: [UInt8] = [0, 0, 0, 0]
    /// The place that refers to the root.
    static let root = 0

    /// Writes a table, its form before it.
    ///
    /// - Parameter place: refers to it.
    /// - Returns: the places of its fields.
    mutating func table(_ fields: [Field], for place: Int) -> [Int] {
        // The start of a table is aligned for the widest field, so that offsets in it are as well.
        var offsets: [Int] = []
        var size = 4
        for field in fields {
            if field.width > 0 { size = (size + field.width - 1) / field.width * field.width }
            offsets.append(size)
            size += field.width
        }
        align(to: 8)
        let form = bytes.count
        append(UInt16(4 + 2 * fields.count))
        append(UInt16(size))
        for (field, offset) in zip(fields, offsets) { append(UInt16(field.width == 0 ? 0 : offset)) }
        align(to: 8)
        let start = bytes.count
        append(Int32(start - form))
        for field in fields where field.width > 0 {
            align(to: field.width)
            append(field)
        }
        point(place, to: start)
        return offsets.map { start + $0 }
    }

    /// Writes a vector of zeros.
    ///
    /// - Parameters:
    ///   - place: refers to it.
    ///   - width: bytes of an element.
    ///   - alignment: of an element, in bytes; 4 at least.
    /// - Returns: the place of the first element.
    mutating func vector(_ count: Int, width: Int, alignment: Int = 4, for place: Int) -> Int {
        while (bytes.count + 4) % alignment != 0 { bytes.append(0) }
        point(place, to: bytes.count)
        append(Int32(count))
        let start = bytes.count
        bytes.append(contentsOf: repeatElement(0, count: count * width))
        return start
    }

    /// Writes a text.
    mutating func text(_ text: String, for place: Int) {
        align(to: 4)
        point(place, to: bytes.count)
        append(Int32(text.utf8.count))
        bytes.append(contentsOf: text.utf8)
        bytes.append(0)
    }

    /// Fills up with zeros.
    mutating func align(to width: Int) {
        while bytes.count % width != 0 { bytes.append(0) }
    }

    private mutating func append(_ field: Field) {
        switch field {
        case .absent: break
        case .byte(let value): append(value)
        case .short(let value): append(value)
        case .int(let value): append(value)
        case .long(let value): append(value)
        case .reference: append(Int32(0))
        }
    }

    private mutating func append<T: FixedWidthInteger>(_ value: T) {
        for byte in 0..<MemoryLayout<T>.size { bytes.append(UInt8(truncatingIfNeeded: value >> T(8 * byte))) }
    }

    private mutating func point(_ place: Int, to target: Int) {
        for byte in 0..<4 { bytes[place + byte] = UInt8(truncatingIfNeeded: (target - place) >> (8 * byte)) }
    }
}
