internal import CPlatform

/// How the values of a column lie in memory, read once per result from its Arrow schema.
///
/// - Source: Apache Arrow, "The Arrow C data interface", format strings.
struct ArrowLayout {
    enum Kind {
        case null, boolean
        /// Width in bytes.
        case signed(Int), unsigned(Int), float(Int)
        case decimal(scale: Int)
        /// Offsets of 8 bytes where `large`, otherwise of 4.
        case text(large: Bool), binary(large: Bool), fixedBinary(Int)
        case date32, date64
        /// Nanoseconds per unit, width in bytes.
        case time(Int64, Int)
        case timestamp(Int64, isUTC: Bool)
        case months, daysMilliseconds, monthsDaysNanoseconds
        case list(large: Bool), fixedList(Int), structure, map
    }

    let name: String
    let kind: Kind
    let children: [ArrowLayout]
    /// Layout of the texts of a dictionary-encoded column; one or none.
    let dictionary: [ArrowLayout]

    static func fields(of schema: ArrowSchema, operation: String) throws(DatabaseError) -> [ArrowLayout] {
        var fields: [ArrowLayout] = []
        for index in 0..<Int(unsafe schema.n_children) {
            guard let child = unsafe schema.children[index] else { continue }
            fields.append(try unsafe ArrowLayout(child.pointee, operation: operation))
        }
        return fields
    }

    private init(_ schema: ArrowSchema, operation: String) throws(DatabaseError) {
        name = unsafe schema.name.map { unsafe String(cString: $0) } ?? ""
        let format = unsafe String(cString: schema.format)
        guard let kind = Kind(format: format) else {
            throw DatabaseError(
                .unsupported,
                "column \(name) has a type that cannot be shown (Arrow format \(format)); cast it, "
                    + "for example to VARCHAR", operation: operation)
        }
        self.kind = kind
        children = try unsafe Self.fields(of: schema, operation: operation)
        if let texts = unsafe schema.dictionary {
            dictionary = [try unsafe ArrowLayout(texts.pointee, operation: operation)]
        } else {
            dictionary = []
        }
    }

    /// The type in the words of the API.
    var type: SQLType {
        if let texts = dictionary.first { return texts.type }
        return switch kind {
        case .null: .null
        case .boolean: .boolean
        case .signed, .unsigned: .integer
        case .float: .float
        case .decimal(let scale): scale == 0 ? .integer : .decimal
        case .text: .text
        case .binary, .fixedBinary: .binary
        case .date32, .date64: .date
        case .time: .time
        case .timestamp: .timestamp
        case .months, .daysMilliseconds, .monthsDaysNanoseconds: .interval
        case .list, .fixedList: .list
        case .structure, .map: .structure
        }
    }
}

extension ArrowLayout.Kind {
    init?(format: String) {
        if let simple = Self.simple[format] {
            self = simple
            return
        }
        if format.hasPrefix("ts"), format.count >= 4 {
            guard let unit = Self.units[Array(format)[2]] else { return nil }
            self = .timestamp(unit, isUTC: !format.hasSuffix(":"))
        } else if format.hasPrefix("d:") {
            let numbers = format.dropFirst(2).split(separator: ",").compactMap { Int($0) }
            guard numbers.count == 2 || (numbers.count == 3 && numbers[2] == 128) else { return nil }
            self = .decimal(scale: numbers[1])
        } else if format.hasPrefix("w:"), let width = Int(format.dropFirst(2)) {
            self = .fixedBinary(width)
        } else if format.hasPrefix("+w:"), let length = Int(format.dropFirst(3)) {
            self = .fixedList(length)
        } else {
            return nil
        }
    }

    private static let units: [Character: Int64] = ["s": 1_000_000_000, "m": 1_000_000, "u": 1000, "n": 1]
    private static let simple: [String: Self] = [
        "n": .null, "b": .boolean, "c": .signed(1), "C": .unsigned(1), "s": .signed(2), "S": .unsigned(2),
        "i": .signed(4), "I": .unsigned(4), "l": .signed(8), "L": .unsigned(8), "f": .float(4), "g": .float(8),
        "u": .text(large: false), "U": .text(large: true), "z": .binary(large: false), "Z": .binary(large: true),
        "tdD": .date32, "tdm": .date64, "tts": .time(1_000_000_000, 4), "ttm": .time(1_000_000, 4),
        "ttu": .time(1000, 8), "ttn": .time(1, 8), "tiM": .months, "tiD": .daysMilliseconds,
        "tin": .monthsDaysNanoseconds, "+l": .list(large: false), "+L": .list(large: true), "+s": .structure,
        "+m": .map,
    ]
}
