public import Platform

/// One value of a result.
public indirect enum SQLValue: Sendable, Equatable {
    case null
    case boolean(Bool)
    case integer(Int64)
    /// An integer above the largest `Int64`.
    case unsigned(UInt64)
    case double(Double)
    /// Exact decimal digits, for example `-12.50`.
    case decimal(String)
    case text(String)
    case binary([UInt8])
    case date(CivilDate)
    /// Nanoseconds since midnight.
    case time(Int64)
    /// A moment; where `isUTC` is false, a wall-clock reading without a zone.
    case timestamp(Timestamp, isUTC: Bool)
    case interval(months: Int32, days: Int32, nanoseconds: Int64)
    case list([SQLValue])
    case structure([Field])

    /// A named member of a structure; an entry of a map, where `name` is the key's text.
    public struct Field: Sendable, Equatable {
        public let name: String
        public let value: SQLValue
        public init(_ name: String, _ value: SQLValue) {
            self.name = name
            self.value = value
        }
    }
}

extension SQLValue {
    /// The value as JSON (RFC 8259): moments as RFC 3339 text, binary as base64, numbers that are not finite as null.
    public var json: String {
        switch self {
        case .null: "null"
        case .boolean(let value): value ? "true" : "false"
        case .integer(let value): "\(value)"
        case .unsigned(let value): "\(value)"
        case .double(let value): JSONText.number(value)
        case .decimal(let digits): digits
        case .text(let value): JSONText.quoted(value)
        case .binary(let bytes): "\"" + Base64.encode(bytes) + "\""
        case .date, .time, .timestamp, .interval: "\"" + text + "\""
        case .list(let values): "[" + values.map(\.json).joined(separator: ",") + "]"
        case .structure(let fields):
            "{" + fields.map { JSONText.quoted($0.name) + ":" + $0.value.json }.joined(separator: ",") + "}"
        }
    }

    /// The value as plain text, for tables and CSV: empty for null, `\x` and hexadecimal digits for binary.
    public var text: String {
        switch self {
        case .null: ""
        case .text(let value): value
        case .double(let value): value.isFinite ? JSONText.number(value) : "\(value)"
        case .binary(let bytes): "\\x" + Self.hexadecimal(bytes)
        case .date(let value): value.description
        case .time(let nanoseconds): Self.clock(nanoseconds)
        case .timestamp(let moment, let isUTC): isUTC ? moment.description : String(moment.description.dropLast())
        case .interval(let months, let days, let nanoseconds): Self.period(months, days, nanoseconds)
        case .boolean, .integer, .unsigned, .decimal, .list, .structure: json
        }
    }

    /// The value as a CSV field (RFC 4180); empty text is quoted, so that it differs from null.
    public var csv: String {
        if case .text(let value) = self, value.isEmpty { return "\"\"" }
        return Self.csvField(text)
    }

    /// Text as a CSV field, quoted where it must be.
    public static func csvField(_ text: String) -> String {
        let needsQuotes = text.utf8.contains { $0 == 0x22 || $0 == 0x2c || $0 == 0x0a || $0 == 0x0d }
        guard needsQuotes else { return text }
        return "\"" + text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }

    private static func hexadecimal(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    private static func clock(_ nanoseconds: Int64) -> String {
        String(Timestamp(nanoseconds: nanoseconds).description.dropFirst(11).dropLast())
    }

    /// An ISO 8601 duration, for example `P1M2DT3.5S`.
    private static func period(_ months: Int32, _ days: Int32, _ nanoseconds: Int64) -> String {
        var text = "P"
        if months != 0 { text += "\(months)M" }
        if days != 0 { text += "\(days)D" }
        if nanoseconds != 0 || text == "P" { text += "T\(JSONText.number(Double(nanoseconds) / 1e9))S" }
        return text
    }
}
