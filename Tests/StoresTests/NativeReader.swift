/// Reads what ClickHouse's format `Native` holds, value by value, by the format's description alone.
struct NativeReader {
    struct Damage: Error { let text: String }

    private let bytes: [UInt8]
    private var place = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool { place == bytes.count }

    /// The next block: name and type of each column, and its values as texts, nil where missing.
    mutating func block() throws -> [(name: String, type: String, values: [String?])] {
        let columns = try varint()
        let rows = try varint()
        return try (0..<columns).map { _ in
            let name = try text()
            let type = try text()
            return (name, type, try values(type, rows))
        }
    }

    private mutating func values(_ type: String, _ rows: Int) throws -> [String?] {
        if let inner = Self.inner(type, "LowCardinality") { return try numbered(inner, rows) }
        if let inner = Self.inner(type, "Nullable") {
            let missing = try take(rows)
            return zip(try values(inner, rows), missing).map { $1 == 0 ? $0 : nil }
        }
        return try (0..<rows).map { _ in
            switch type {
            case "Int32", "Date32": "\(try number(Int32.self))"
            case "Float64": "\(Double(bitPattern: try number(UInt64.self)))"
            case "Bool", "UInt8": "\(try take(1)[0])"
            case "String": try text()
            default: "\(try number(Int64.self))"
            }
        }
    }

    private mutating func numbered(_ type: String, _ rows: Int) throws -> [String?] {
        guard try number(UInt64.self) == 1 else { throw Damage(text: "version") }
        let flags = try number(UInt64.self)
        guard flags & ~255 == 1536 else { throw Damage(text: "flags \(flags)") }
        let isNullable = Self.inner(type, "Nullable") != nil
        var texts: [String?] = try (0..<Int(try number(UInt64.self))).map { _ in try text() }
        if isNullable, !texts.isEmpty { texts[0] = nil }
        guard try number(UInt64.self) == UInt64(rows) else { throw Damage(text: "rows") }
        return try (0..<rows).map { _ in
            switch flags & 255 {
            case 0: texts[Int(try take(1)[0])]
            case 1: texts[Int(try number(UInt16.self))]
            default: texts[Int(try number(UInt32.self))]
            }
        }
    }

    private static func inner(_ type: String, _ outer: String) -> String? {
        type.hasPrefix(outer + "(") ? String(type.dropFirst(outer.count + 1).dropLast()) : nil
    }

    private mutating func take(_ count: Int) throws -> ArraySlice<UInt8> {
        guard place + count <= bytes.count else { throw Damage(text: "end") }
        defer { place += count }
        return ArraySlice(Array(bytes[place..<place + count]))
    }

    private mutating func number<T: FixedWidthInteger>(_ type: T.Type) throws -> T {
        try take(MemoryLayout<T>.size).reversed().reduce(0) { $0 << 8 | T(truncatingIfNeeded: $1) }
    }

    private mutating func varint() throws -> Int {
        var value = 0
        var shift = 0
        while true {
            let byte = try take(1)[0]
            value |= Int(byte & 0x7f) << shift
            if byte < 0x80 { return value }
            shift += 7
        }
    }

    private mutating func text() throws -> String { String(decoding: try take(try varint()), as: UTF8.self) }
}
