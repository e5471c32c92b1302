internal import Databases
internal import Platform

/// Values of one column, in the form of ClickHouse's format `Native`.
///
/// - Source: ClickHouse documentation, "Native Format"; `SerializationNullable`, `SerializationLowCardinality`.
/// - Threading: one thread at a time.
@safe
final class NativeColumn {
    /// How values are written.
    private enum Form {
        /// As they lie in memory, so many bytes each.
        case fixed(Int)
        /// A byte a row.
        case boolean
        /// Integers of 16 bytes, of which the lower 8 are the value.
        case decimal
        /// A length and bytes.
        case text
        /// Numbers of texts.
        case dictionary
    }

    private let name: String
    /// As the server writes it.
    private let type: String
    private let form: Form
    private let values = Column<UInt8>()
    /// A byte a row, 1 where the value is missing.
    private let missing: Column<UInt8>?
    private let texts: NativeDictionary?
    private let numbers = Column<UInt32>()

    /// - Parameter memory: of the first batch: the others have the same form.
    init(_ name: String, type: String, _ memory: ColumnMemory) {
        self.name = name
        self.type = type
        let isDictionary = type.hasPrefix("LowCardinality(")
        let isNullable = type.contains("Nullable(")
        form =
            switch memory.form {
            case .boolean: .boolean
            case .int32: .fixed(4)
            case .int64, .float64: .fixed(8)
            case .decimal: .decimal
            case .bytes: isDictionary ? .dictionary : .text
            }
        missing = isNullable && !isDictionary ? Column() : nil
        texts = isDictionary ? NativeDictionary(hasMissing: isNullable) : nil
    }

    /// Appends rows of a batch.
    func append(_ rows: Range<Int>, of memory: ColumnMemory) {
        let places = memory.first + rows.lowerBound..<memory.first + rows.upperBound
        if let missing { note(places, memory, in: missing) }
        guard let source = unsafe memory.values else { preconditionFailure("rows without values in \(name)") }
        switch form {
        case .fixed(let width):
            unsafe values.append(
                contentsOf: UnsafeRawBufferPointer(start: source + places.lowerBound * width, count: rows.count * width)
            )
            if unsafe memory.validity != nil { zero(places, memory, width: width) }
        case .boolean:
            values.append(count: rows.count) { unsafe Self.bit(source, places.lowerBound + $0) ? 1 : 0 }
        case .decimal:
            values.reserve(rows.count * 8)
            for place in places {
                unsafe values.append(contentsOf: UnsafeRawBufferPointer(start: source + place * 16, count: 8))
            }
        case .text:
            for place in places { unsafe append(text: Self.text(memory, place)) }
        case .dictionary:
            guard let texts else { return }
            let validity = unsafe memory.validity
            numbers.append(count: rows.count) { row in
                let place = places.lowerBound + row
                if let validity = unsafe validity, unsafe !Self.bit(validity, place) { return 0 }
                return unsafe texts.number(of: Self.text(memory, place))
            }
        }
    }

    private func note(_ places: Range<Int>, _ memory: ColumnMemory, in missing: Column<UInt8>) {
        guard let validity = unsafe memory.validity else {
            return missing.append(repeating: 0, count: places.count)
        }
        missing.append(count: places.count) { unsafe Self.bit(validity, places.lowerBound + $0) ? 0 : 1 }
    }

    /// What lies at the place of a missing value is anything: zeros compress better, and tell nothing.
    private func zero(_ places: Range<Int>, _ memory: ColumnMemory, width: Int) {
        guard let validity = unsafe memory.validity else { return }
        let start = values.count - places.count * width
        for row in 0..<places.count where unsafe !Self.bit(validity, places.lowerBound + row) {
            for byte in 0..<width { values[start + row * width + byte] = 0 }
        }
    }

    private func append(text: UnsafeRawBufferPointer) {
        var rest = text.count
        while rest >= 0x80 {
            values.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        values.append(UInt8(rest))
        unsafe values.append(contentsOf: text)
    }

    private static func bit(_ bits: UnsafeRawPointer, _ place: Int) -> Bool {
        unsafe bits.load(fromByteOffset: place / 8, as: UInt8.self) >> UInt8(place % 8) & 1 != 0
    }

    /// The bytes at a place; none where the value is missing.
    private static func text(_ memory: ColumnMemory, _ place: Int) -> UnsafeRawBufferPointer {
        if let validity = unsafe memory.validity, unsafe !bit(validity, place) {
            return unsafe UnsafeRawBufferPointer(start: nil, count: 0)
        }
        guard let offsets = unsafe memory.values, let content = unsafe memory.content else {
            return unsafe UnsafeRawBufferPointer(start: nil, count: 0)
        }
        let start: Int
        let end: Int
        if memory.form == .bytes(isLarge: true) {
            start = unsafe Int(offsets.load(fromByteOffset: place * 8, as: Int64.self))
            end = unsafe Int(offsets.load(fromByteOffset: place * 8 + 8, as: Int64.self))
        } else {
            start = unsafe Int(offsets.load(fromByteOffset: place * 4, as: Int32.self))
            end = unsafe Int(offsets.load(fromByteOffset: place * 4 + 4, as: Int32.self))
        }
        return unsafe UnsafeRawBufferPointer(start: content + start, count: end - start)
    }

    /// Writes name, type and values.
    func write(to body: NativeBody) {
        body.append(text: name)
        body.append(text: type)
        if let texts {
            writeNumbers(texts, to: body)
        } else {
            if let missing { body.append(missing) }
            body.append(values)
        }
    }

    /// Version 1 of the form; flags (512: texts follow, 1024: they are all there are) and the numbers' width; texts; numbers.
    private func writeNumbers(_ texts: NativeDictionary, to body: NativeBody) {
        let width: UInt64 = texts.count <= 1 << 8 ? 0 : texts.count <= 1 << 16 ? 1 : 2
        body.append(1)
        body.append(512 | 1024 | width)
        body.append(UInt64(texts.count))
        texts.write(to: body)
        body.append(UInt64(numbers.count))
        switch width {
        case 0:
            let narrow = Column<UInt8>(capacity: numbers.count)
            narrow.append(count: numbers.count) { unsafe UInt8(truncatingIfNeeded: numbers.pointer[$0]) }
            body.append(narrow)
        case 1:
            let narrow = Column<UInt16>(capacity: numbers.count)
            narrow.append(count: numbers.count) { unsafe UInt16(truncatingIfNeeded: numbers.pointer[$0]) }
            body.append(narrow)
        default: body.append(numbers)
        }
    }
}
