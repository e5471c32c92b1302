internal import Delivery
internal import Market

/// The rows that a ClickHouse server has, read as texts in ranges of offsets.
final class ClickHouseRows: StoredRows {
    private let server: ClickHouseServer
    private let tables: ClickHouseTables
    private let pipeline: String

    /// Rows that are asked for at once, as near as a range of whole offsets comes to it; fewer where they hold payloads.
    private static let rowsMax: Int64 = 20_000
    private static let payloadsMax: Int64 = 500

    init(_ address: ClickHouseAddress, _ layout: ClickHouseLayout, pipeline: String) throws(DeliveryError) {
        server = try ClickHouseServer(address)
        guard let version = try server.execute("SELECT version()").first?.first else {
            throw DeliveryError(.setup, "this is no ClickHouse server: it does not tell its version")
        }
        tables = ClickHouseTables(layout: layout, dialect: ClickHouseDialect(version: version))
        self.pipeline = pipeline
    }

    private func isThere(_ table: String) throws(DeliveryError) -> Bool {
        let found = try server.execute(
            "SELECT count() FROM system.tables WHERE database = \(ClickHouseSQL.literal(tables.layout.database)) "
                + "AND name = \(ClickHouseSQL.literal(table))")
        return found != [["0"]]
    }

    func committedOffset(_ table: TableSchema) throws(DeliveryError) -> Int64? {
        guard try isThere(ClickHouseTables.offsets), try isThere(table.name) else { return nil }
        let sql = ClickHouseLedger.progress(tables, table, pipeline: pipeline)
        return try server.execute(sql).first.flatMap { $0.count == 4 ? Int64($0[1]) : nil }
    }

    func digests(
        _ table: TableSchema, upTo last: Int64, goesOn: (Int64) -> Bool
    ) throws(DeliveryError) -> RowDigests {
        var digests = RowDigests()
        let own = "\(ClickHouseTables.pipeline) = \(ClickHouseSQL.literal(pipeline)) AND journal_offset <= \(last)"
        let name = tables.name(table.name)
        let found = try server.execute(
            "SELECT count(), min(journal_offset), max(journal_offset) FROM \(name) WHERE \(own)")
        guard let counted = found.first?.compactMap({ Int64($0) }), counted.count == 3, counted[0] > 0 else {
            return digests
        }
        let columns = RowDigests.columns(table)
        let most = columns.contains { $0.type == .binary } ? Self.payloadsMax : Self.rowsMax
        let selection = columns.map(Self.expression).joined(separator: ", ")
        var first = counted[1]
        // Ranges that hold about as many rows as are wanted, where rows are spread evenly; halved where they are not.
        var span = max(1, (counted[2] - first + 1) / max(1, counted[0] / most))
        while first <= counted[2] {
            let range = "\(own) AND journal_offset >= \(first) AND journal_offset < \(first + span)"
            let count =
                try server.execute("SELECT count() FROM \(name) WHERE \(range)").first?.first.flatMap { Int64($0) } ?? 0
            if count > 2 * most, span > 1 {
                span /= 2
                continue
            }
            for row in try server.execute("SELECT \(selection) FROM \(name) WHERE \(range)") {
                try Self.add(row, columns, table, to: &digests)
            }
            first += span
            if count < most / 2 { span *= 2 }
            guard goesOn(count) else { break }
        }
        return digests
    }

    /// A value as text without anything to escape: doubles as the integer of their bits, texts and bytes in hexadecimal digits.
    private static func expression(_ column: TableSchema.Column) -> String {
        let name = ClickHouseSQL.identifier(column.name)
        return switch column.type {
        case .float64: "reinterpretAsInt64(reinterpretAsString(\(name)))"
        case .string, .binary: "hex(\(name))"
        case .boolean, .date: "toInt64(\(name))"
        default: name
        }
    }

    private static func add(
        _ row: [String], _ columns: [TableSchema.Column], _ table: TableSchema, to digests: inout RowDigests
    ) throws(DeliveryError) {
        var digest = RowDigest()
        var (time, offset): (Int64?, Int64?)
        for (column, text) in zip(columns, row) {
            // NULL, unescaped.
            if text == "N" {
                digest.addMissing()
                continue
            }
            guard let value = number(text, column.type) else {
                if column.type == .string || column.type == .binary, let bytes = bytes(text) {
                    digest.add(bytes)
                    continue
                }
                throw DeliveryError(.setup, "\(table.name).\(column.name) holds `\(text.prefix(100))`")
            }
            if column.type == .float64 {
                digest.add(Double(bitPattern: UInt64(bitPattern: value)))
            } else {
                digest.add(value)
            }
            if column.name == table.timeColumn { time = value }
            if column.name == "journal_offset" { offset = value }
        }
        guard let time, let offset, row.count == columns.count else {
            throw DeliveryError(.setup, "\(table.name) has a row without its place")
        }
        digests.add(timeNs: time, offset: offset, digest)
    }

    /// An integer; of a decimal the smallest units.
    private static func number(_ text: String, _ type: TableSchema.ColumnType) -> Int64? {
        switch type {
        case .string, .binary: return nil
        case .decimal(let scale):
            let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
            let fraction = parts.count == 2 ? String(parts[1]) : ""
            guard fraction.count <= scale else { return nil }
            return Int64(parts[0] + fraction + String(repeating: "0", count: scale - fraction.count))
        default: return Int64(text)
        }
    }

    private static func bytes(_ hexadecimal: String) -> [UInt8]? {
        let digits = Array(hexadecimal.utf8)
        guard digits.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(digits.count / 2)
        for place in stride(from: 0, to: digits.count, by: 2) {
            guard let high = nibble(digits[place]), let low = nibble(digits[place + 1]) else { return nil }
            bytes.append(high << 4 | low)
        }
        return bytes
    }

    private static func nibble(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
