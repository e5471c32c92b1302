internal import Databases
internal import Market
internal import Platform

/// The rows of a table that are in memory, as everybody may see them; protected by the lock of `HotRows`.
struct HotTable {
    /// A segment with the rows that are published.
    struct Run {
        let segment: HotSegment
        var count: Int

        var lastOffset: Int64 { unsafe segment.offsets.pointer[count - 1] }
    }

    let name: String
    private(set) var runs: [Run] = []
    /// Runs that are in the lake, kept for queries whose plan is older than the step to its files.
    private var retired: [(run: Run, sinceNs: Int64)] = []
    /// The highest offset among rows that are gone from memory.
    private var droppedOffset: Int64 = -1
    /// The columns of the newest batch: their dictionaries cover the indices of all rows.
    private var newest: [ArrowColumn] = []
    /// Bars that can still change, behind the others.
    var open: MemoryTable.Part?

    init(name: String) { self.name = name }

    /// How long rows stay that are in the lake: longer than a query takes from reading the view to opening the rows.
    private static let retiredNs: Int64 = 1_000_000_000

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
    func parts(after: Int64, upTo last: Int64 = .max) throws(DatabaseError) -> [MemoryTable.Part] {
        guard after >= droppedOffset else {
            throw DatabaseError(
                .conflict, "rows have moved to the lake since the query was planned; run it again", operation: name)
        }
        var parts: [MemoryTable.Part] = []
        for run in retired.map(\.run) + runs {
            let first = HotSegment.firstRow(above: after, in: run.segment.offsets, count: run.count)
            let end =
                last == .max
                ? run.count : HotSegment.firstRow(above: last, in: run.segment.offsets, count: run.count)
            guard first < end else { continue }
            let columns = zip(run.segment.columns, newest).map { $0.withDictionary(of: $1) }
            parts.append(MemoryTable.Part(columns: columns, rows: first..<end))
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

    /// Frees what was retired long enough ago.
    mutating func sweep() {
        guard !retired.isEmpty else { return }
        let limitNs = Stopwatch.monotonicNs() - Self.retiredNs
        let old = retired.prefix { $0.sinceNs < limitNs }
        if let last = old.last { droppedOffset = last.run.lastOffset }
        retired.removeFirst(old.count)
    }
}
