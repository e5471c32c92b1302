internal import Market
internal import Platform

/// What tells rows of a table apart on a message bus, and which of them belong together.
///
/// - Shape: `PIPELINE/TABLE/OFFSET/INDEX/SCHEMA`: journal offset, index among the rows of that offset, and a digest of the
///   table's columns. A row that is sent again has the same one. A message of several rows has that of its first one, and
///   behind it `/ROWS`, their number.
struct MessageIdentity {
    /// What stands before the offset.
    let prefix: String
    /// What stands behind the index.
    let suffix: String
    /// Name of the attribute, header or member that holds it.
    static let name = "tapedeck"

    init(pipeline: String, _ table: TableSchema) {
        prefix = "\(pipeline)/\(table.name)/"
        suffix = "/" + Self.schema(table)
    }

    /// Appends the identity of a row.
    func append(offset: Int64, index: Int32, to bytes: Column<UInt8>) {
        bytes.append(utf8: prefix)
        bytes.append(utf8: String(offset))
        bytes.append(UInt8(ascii: "/"))
        bytes.append(utf8: String(index))
        bytes.append(utf8: suffix)
    }

    /// The columns of which a row's key is made: rows with the same key keep their order.
    static func key(_ table: TableSchema) -> [String] {
        let names = Set(table.columns.map(\.name))
        let candidates = [["venue", "symbol"], ["exchange", "symbol"], ["account"], ["feed"], ["component", "name"]]
        return candidates.first { choice in
            choice.allSatisfy { name in table.columns.contains { $0.name == name && !$0.isNullable } }
        } ?? candidates.first { $0.allSatisfy(names.contains) } ?? []
    }

    /// The places of the columns of which a row's key is made.
    static func keyColumns(_ table: TableSchema) -> [Int] {
        key(table).compactMap { name in table.columns.firstIndex { $0.name == name } }
    }

    /// Stands for the columns of a table: another value says that they have changed.
    static func schema(_ table: TableSchema) -> String {
        var digest = StableDigest()
        for column in table.columns { digest.add("\(column.name) \(column.type)".utf8) }
        let text = String(digest.high & 0xffff_ffff, radix: 16)
        return String(repeating: "0", count: 8 - text.count) + text
    }

    /// The message, a JSON object, that says which rows a bus does not take.
    static func rejected(pipeline: String, _ table: TableSchema, offset: Int64, reason: String) -> String {
        "{\"pipeline\":\(JSONText.quoted(pipeline)),\"table\":\(JSONText.quoted(table.name)),\"journal_offset\":\(offset),"
            + "\"reason\":\(JSONText.quoted(reason)),\"rejected\":\"\(Timestamp.now())\"}"
    }
}
