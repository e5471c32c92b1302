internal import Databases
internal import Market
internal import Platform

/// Rows of one segment, in the stored columns.
struct HotPart: Sendable {
    let columns: [ArrowColumn]
    let rows: Range<Int>

    /// A column of nanoseconds or offsets.
    func int64(_ name: String) -> Column<Int64> {
        guard case .int64(let values)? = columns.first(where: { $0.name == name })?.values else {
            preconditionFailure("no integer column \(name)")
        }
        return values
    }

    /// The rows in all columns of the table, and in its partition column.
    func memory(_ schema: TableSchema) -> MemoryTable.Part {
        var stored = columns.makeIterator()
        var values = schema.columns.map { column -> MemoryTable.Values in
            if let nanoseconds = column.nanoseconds {
                return column.type == .date ? .dates(int64(nanoseconds)) : .moments(int64(nanoseconds))
            }
            guard let next = stored.next() else { preconditionFailure("a column is missing: \(column.name)") }
            return .column(next)
        }
        if schema.partition == .date { values.append(.dates(int64(schema.timeColumn))) }
        return MemoryTable.Part(columns: values, rows: rows)
    }
}

/// The rows of a table that are in memory, as everybody may see them; protected by the lock of `HotRows`.
struct HotTable {
    /// A segment with the rows that are published.
    struct Run {
        let segment: HotSegment
        var count: Int

        var lastOffset: Int64 { unsafe segment.offsets.pointer[count - 1] }
    }

    let schema: TableSchema
    private var name: String { schema.name }
    private(set) var runs: [Run] = []
    /// Runs that are in the lake, kept for queries whose plan is older than the step to its files.
    private var retired: [(run: Run, sinceNs: Int64)] = []
    /// Segments that hold nothing any more, once no query reads them.
    private var spare: [HotSegment] = []
    private static let spareBytesMax = 20 << 20
    /// The highest offset among rows that are gone from memory.
    private var droppedOffset: Int64 = -1
    /// The columns of the newest batch: their dictionaries cover the indices of all rows.
    private var newest: [ArrowColumn] = []
    /// Rows that can still change, behind the others.
    var open: HotPart?

    init(_ schema: TableSchema) { self.schema = schema }

    /// How long rows stay that are in the lake: longer than a query takes from reading the view to opening the rows.
    private static let retiredNs: Int64 = 5_000_000_000
    /// The same while such rows take more memory than `retiredBytesMax`.
    private static let retiredNsMin: Int64 = 250_000_000
    private static let retiredBytesMax = 20 << 20

    /// Publishes what was appended to segments.
    mutating func publish(_ appended: [Run], newest columns: [ArrowColumn]) {
        newest = columns
        for run in appended {
            if let last = runs.last, last.segment === run.segment {
                runs[runs.count - 1] = run
            } else {
                runs.append(run)
            }
        }
    }

    /// Rows whose offset is above `after` and at most `last`.
    ///
    /// - Throws: `conflict` where some of them have left the memory already.
    func parts(after: Int64, upTo last: Int64 = .max) throws(DatabaseError) -> [HotPart] {
        guard after >= droppedOffset else {
            throw DatabaseError(
                .conflict, "rows have moved to the lake since the query was planned; run it again", operation: name)
        }
        var parts: [HotPart] = []
        for run in retired.map(\.run) + runs {
            let first = HotSegment.firstRow(above: after, in: run.segment.offsets, count: run.count)
            let end =
                last == .max
                ? run.count : HotSegment.firstRow(above: last, in: run.segment.offsets, count: run.count)
            guard first < end else { continue }
            let columns = zip(run.segment.columns, newest).map { $0.withDictionary(of: $1) }
            parts.append(HotPart(columns: columns, rows: first..<end))
        }
        return parts
    }

    /// Lets go of rows that the lake has, a while after the views ask for them no more. The last segment stays: rows may
    /// be on their way into it.
    mutating func retire(upTo committed: Int64) {
        let nowNs = Stopwatch.monotonicNs()
        let moved = runs.dropLast().prefix { $0.lastOffset <= committed }
        runs.removeFirst(moved.count)
        retired += moved.map { ($0, nowNs) }
    }

    /// Memory of rows that queries see, of rows kept for queries on their way, and of empty segments, in bytes.
    var memoryBytes: (visible: Int, retired: Int, spare: Int) {
        (
            runs.reduce(0) { $0 + $1.segment.byteCount }, retired.reduce(0) { $0 + $1.run.segment.byteCount },
            spare.reduce(0) { $0 + $1.byteCount }
        )
    }

    /// A segment whose memory can be used again; nil where there is none.
    mutating func takeSpare() -> HotSegment? {
        for place in spare.indices where isKnownUniquelyReferenced(&spare[place]) {
            let segment = spare.remove(at: place)
            segment.removeAll()
            return segment
        }
        return nil
    }

    /// Frees what was retired long enough ago.
    mutating func sweep() {
        guard !retired.isEmpty else { return }
        let nowNs = Stopwatch.monotonicNs()
        var bytes = memoryBytes.retired
        var count = 0
        for (run, sinceNs) in retired {
            guard nowNs - sinceNs > (bytes > Self.retiredBytesMax ? Self.retiredNsMin : Self.retiredNs) else { break }
            bytes -= run.segment.byteCount
            droppedOffset = run.lastOffset
            count += 1
        }
        for (run, _) in retired.prefix(count) where run.segment.isReusable {
            guard (spare.count + 1) * run.segment.byteCount <= Self.spareBytesMax else { break }
            spare.append(run.segment)
        }
        retired.removeFirst(count)
    }
}
