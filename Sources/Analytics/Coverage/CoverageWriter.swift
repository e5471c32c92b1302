internal import Market
internal import Platform

/// Writes rows of the table `coverage`.
struct CoverageWriter {
    private enum Place {
        static let feed = Tables.coverage.place("feed")
        static let venue = Tables.coverage.place("venue")
        static let symbol = Tables.coverage.place("symbol")
        static let kind = Tables.coverage.place("kind")
        static let from = Tables.coverage.place("from_ns")
        static let to = Tables.coverage.place("to_ns")
        static let ongoing = Tables.coverage.place("ongoing")
        static let missing = Tables.coverage.place("missing")
        static let firstID = Tables.coverage.place("first_id")
        static let lastID = Tables.coverage.place("last_id")
        static let detail = Tables.coverage.place("detail")
    }

    /// A row but for its place in the journal.
    struct Row {
        var kind: CoverageKind
        var feed: UInt32
        /// Nil where it is of the whole feed.
        var instrument: InstrumentID?
        var fromNs: Int64
        var toNs: Int64
        /// First and last number.
        var numbers: ClosedRange<Int64>?
        /// Where it is not the count of `numbers`.
        var missing: Int64?
        var detail = ""
    }

    private let names: EngineNames
    /// Rows of one record are numbered.
    private var offset = Int64.min
    private var index: Int32 = 0

    init(_ names: EngineNames) { self.names = names }

    /// Writes a row, unless it is of a whole feed that another partition tells of.
    mutating func write(_ row: Row, journalOffset: Int64, ongoing: Bool = false, into batch: RecordBatch) {
        guard row.instrument != nil || names.tellsOfFeed(row.feed) else { return }
        if journalOffset != offset { (offset, index) = (journalOffset, 0) }
        batch.begin(journalOffset: journalOffset, frameIndex: index)
        index += 1
        batch.set(Place.feed, names.feed(row.feed))
        if let instrument = row.instrument.flatMap(names.instrument) {
            batch.set(Place.venue, instrument.venue)
            batch.set(Place.symbol, instrument.symbol)
        }
        batch.set(Place.kind, row.kind.rawValue)
        batch.set(Place.from, row.fromNs)
        batch.set(Place.to, max(row.fromNs, row.toNs))
        batch.set(Place.ongoing, ongoing)
        if let numbers = row.numbers {
            batch.set(Place.missing, row.missing ?? Self.count(numbers))
            batch.set(Place.firstID, numbers.lowerBound)
            batch.set(Place.lastID, numbers.upperBound)
        }
        batch.set(Place.detail, row.detail)
        batch.end()
    }

    private static func count(_ numbers: ClosedRange<Int64>) -> Int64 {
        let (span, overflow) = numbers.upperBound.subtractingReportingOverflow(numbers.lowerBound)
        return overflow || span == .max ? .max : span + 1
    }
}
