internal import Market
internal import Platform

/// The keys of objects of the layout `batched`, in the order of the offsets that they begin with:
/// `trades/ingest_date=2026-11-21/00000000000000120034.ndjson.gz`.
struct ObjectNames {
    let compression: ObjectCompression

    /// A key and what it says.
    struct Name {
        let key: String
        /// Offset of the first row.
        let offset: Int64
        let date: CivilDate?
    }

    private static let dateMark = "ingest_date="
    private static let digits = 20

    /// The folder of a table, with a slash at its end.
    static func folder(_ table: TableSchema) -> String { table.name + "/" }

    /// The key of an object.
    ///
    /// - Parameter date: nil of tables that are not dated.
    func name(_ table: TableSchema, date: CivilDate?, offset: Int64) -> Name {
        let digits = String(offset)
        let number = String(repeating: "0", count: Self.digits - digits.count) + digits
        let folder = Self.folder(table) + (date.map { "\(Self.dateMark)\($0)/" } ?? "")
        return Name(key: folder + number + compression.suffix, offset: offset, date: date)
    }

    /// What a key says; nil of one that was not made here.
    func read(_ table: TableSchema, _ key: String) -> Name? {
        let parts = key.split(separator: "/", omittingEmptySubsequences: false)
        guard (2...3).contains(parts.count), let last = parts.last, last.hasSuffix(compression.suffix) else {
            return nil
        }
        let digits = last.dropLast(compression.suffix.count)
        guard digits.utf8.count == Self.digits, let offset = Int64(digits), offset >= 0 else { return nil }
        let mark = parts.count == 3 ? parts[1] : ""
        let date = mark.hasPrefix(Self.dateMark) ? CivilDate(String(mark.dropFirst(Self.dateMark.count))) : nil
        let name = name(table, date: date, offset: offset)
        return name.key == key ? name : nil
    }
}
