public import Databases
internal import Market

/// What a pipeline received, as the lake has it: its frames and control records, in the order of the journal.
///
/// - Threading: one thread at a time.
public final class BronzeRows {
    private let connection: Connection
    private let frames: Source
    private let controls: Source
    /// The last offset, itself included, up to which everything is there; -1 for nothing.
    public let lastOffset: Int64
    /// Offsets that a query looks for at once.
    private static let window: Int64 = 100_000

    /// Files of a table, and the offsets that each can have.
    private struct Source {
        let schema: TableSchema
        var files: [(file: AddFile, url: String)] = []

        func paths(_ offsets: Range<Int64>) -> [String] {
            files.filter { file, _ in
                file.partName?.mayHold(from: offsets.lowerBound, to: offsets.upperBound - 1) ?? true
            }.map(\.url)
        }
    }

    /// - Parameter pipeline: whose rows they are.
    /// - Throws: `unsupported` where files may hold rows of several pipelines, too; `corrupt`, `io`, `database`.
    public init(_ lake: LakeFolder, pipeline: String) throws(LakeError) {
        var sources: [Source] = []
        var offsets: [Int64] = []
        for schema in [Tables.frames, Tables.controlRecords] {
            let table = try DeltaTable.open(lake.place.folder(schema.name))
            var source = Source(schema: schema)
            if let table {
                let here = try table.owned(table.files, by: pipeline)
                source.files += zip(here, table.urls(here)).map { ($0, $1) }
                let archive = lake.archive?.folder(schema.name)
                let there = try table.owned(ArchivedFiles.files(of: table, in: archive), by: pipeline)
                source.files += there.map { ($0, archive?.location($0.relativePath) ?? $0.relativePath) }
            }
            sources.append(source)
            offsets.append(table?.committedOffset(of: pipeline) ?? -1)
        }
        frames = sources[0]
        controls = sources[1]
        // Tables that got nothing in a flush are behind.
        lastOffset = offsets.max() ?? -1
        let database = try lake.place.database(DuckDBSettings(memoryBytes: 1 << 30), and: lake.archive)
        connection = try onDatabase(lake.path) { () throws(DatabaseError) in try database.connect() }
    }

    /// The oldest offset that is there; nil where there is nothing.
    public func oldestOffset() throws(LakeError) -> Int64? {
        let all = Int64.min..<Int64.max
        let sources = [frames, controls].filter { !$0.files.isEmpty }
        guard !sources.isEmpty else { return nil }
        let selections = sources.map { "SELECT journal_offset FROM \(rows($0, all))" }
        let found = try onDatabase("frames") { () throws(DatabaseError) in
            try connection.query("SELECT min(journal_offset) FROM (\(selections.joined(separator: " UNION ALL ")))")
                .collect().rows
        }
        guard case .integer(let offset)? = found.first?.first else { return nil }
        return offset
    }

    /// The records from an offset on, some at a time: `journal_offset`, `kind` (`data` for frames), `feed`, `ingest_time_ns`,
    /// `payload`.
    ///
    /// - Parameter end: the offset behind the last that is wanted; moved back to behind the last that the rows can have.
    /// - Returns: nil where no file has any of them.
    public func records(from first: Int64, to end: inout Int64) throws(LakeError) -> ResultStream? {
        end = min(end, first + Self.window)
        let offsets = first..<end
        var selections: [String] = []
        let condition = "WHERE journal_offset >= \(first) AND journal_offset < \(end)"
        if !frames.paths(offsets).isEmpty {
            selections.append(
                "SELECT journal_offset, 'data' AS kind, feed, ingest_time_ns, payload FROM \(rows(frames, offsets)) "
                    + condition)
        }
        if !controls.paths(offsets).isEmpty {
            selections.append(
                "SELECT journal_offset, kind, feed, ingest_time_ns, encode(payload) AS payload "
                    + "FROM \(rows(controls, offsets)) \(condition)")
        }
        guard !selections.isEmpty else { return nil }
        let sql = "FROM (\(selections.joined(separator: " UNION ALL "))) ORDER BY journal_offset"
        return try onDatabase("frames") { () throws(DatabaseError) in try connection.query(sql) }
    }

    private func rows(_ source: Source, _ offsets: Range<Int64>) -> String {
        TableSQL(schema: source.schema).fileRows(source.paths(offsets), lackColumns: false)
    }
}

extension DeltaTable {
    /// The last offset, included, whose rows of a pipeline the table has; nil where it never committed.
    public func committedOffset(of pipeline: String) -> Int64? { transactionVersion("\(pipeline)/\(name)") }

    /// Those of some files that have rows of a pipeline.
    ///
    /// - Throws: `unsupported` where a file may hold rows of other pipelines, too: they cannot be told apart.
    func owned(_ wanted: [AddFile], by pipeline: String) throws(LakeError) -> [AddFile] {
        let isShared = state.transactions.keys.contains { $0.hasSuffix("/\(name)") && $0 != "\(pipeline)/\(name)" }
        guard isShared else { return wanted }
        if let mixed = wanted.first(where: { $0.partName?.kind != .flushed }) {
            throw LakeError(
                .unsupported,
                "several pipelines fill the table, and whose rows \(mixed.relativePath) has cannot be told",
                operation: path)
        }
        let writer = PartName.writer(of: pipeline)
        return wanted.filter { $0.partName?.writer == writer }
    }
}
