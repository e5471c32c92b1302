public import Market

/// Reads a row of a table that is an Avro record in single-object encoding, step by step as the specification says.
///
/// - Source: Apache Avro 1.11 specification, "Binary Encoding", "Single-object encoding".
public struct AvroRecord {
    private let bytes: [UInt8]
    private var place = 0

    /// The values of a record as texts: integers, dates, moments and decimals as integers, the bits of doubles, `null`.
    ///
    /// - Returns: nil where the bytes are no record of the table, and nothing else.
    public static func values(_ bytes: [UInt8], of table: TableSchema) -> [String]? {
        var record = AvroRecord(bytes: bytes)
        let fingerprint = AvroSchema(table).fingerprint
        let start = [0xc3, 0x01] + withUnsafeBytes(of: fingerprint.littleEndian) { Array($0) }
        guard record.take(10) == start else { return nil }
        var values: [String] = []
        for column in table.columns {
            guard let value = record.value(column) else { return nil }
            values.append(value)
        }
        return record.place == bytes.count ? values : nil
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private mutating func value(_ column: TableSchema.Column) -> String? {
        if column.isNullable {
            guard let type = integer(), type == 0 || type == 1 else { return nil }
            if type == 0 { return "null" }
        }
        switch column.type {
        case .timestamp, .date, .int32, .int64: return integer().map { "\($0)" }
        case .float64: return take(8).map { "\($0.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) })" }
        case .boolean: return take(1).map { $0 == [1] ? "true" : "false" }
        case .string: return counted().map { String(decoding: $0, as: UTF8.self) }
        case .binary: return counted().map { "\($0)" }
        case .decimal:
            guard let units = counted(), let first = units.first else { return nil }
            return "\(units.dropFirst().reduce(Int64(Int8(bitPattern: first))) { $0 << 8 | Int64($1) })"
        }
    }

    private mutating func counted() -> [UInt8]? { integer().flatMap { take(Int($0)) } }

    private mutating func take(_ count: Int) -> [UInt8]? {
        guard count >= 0, place + count <= bytes.count else { return nil }
        defer { place += count }
        return Array(bytes[place..<place + count])
    }

    private mutating func integer() -> Int64? {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            guard let byte = take(1)?.first else { return nil }
            value |= UInt64(byte & 0x7f) << shift
            if byte & 0x80 == 0 { return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1) }
        }
        return nil
    }
}
