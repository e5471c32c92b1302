internal import Databases
internal import Journaling
internal import Lake
internal import Platform

/// All that a pipeline received, from the first record on: from the journal, and from the lake what the journal no longer has.
///
/// - Threading: one thread at a time.
final class BronzeReader {
    private let journalPath: String
    private let names: FeedNames
    private let openLake: () throws -> BronzeRows
    private var journal: JournalReader
    /// The offset from which on the journal has everything.
    private var journalFrom: Offset
    /// Nil as long as nothing is wanted that the journal does not have.
    private var lake: BronzeRows?
    private var rows: ResultStream?
    /// Offset behind what `rows` can have.
    private var rowsEnd: Offset = 0
    private let blocks = RecordBlocks()
    private let payloads = Column<UInt8>()
    private var numbers: [String: FeedID] = [:]
    private static let kinds = Dictionary(uniqueKeysWithValues: RecordKind.allCases.map { ("\($0)", $0) })

    /// - Parameter names: learns the names of feeds.
    init(_ configuration: PipelineConfiguration, _ names: FeedNames) throws {
        self.names = names
        journalPath = configuration.journal.path
        journalFrom = try JournalInspector.oldestOffset(journalPath)
        journal = try JournalReader(path: journalPath, from: journalFrom)
        openLake = { try BronzeRows(configuration.lakeFolder(), pipeline: configuration.name) }
        guard journalFrom > 0 else { return }
        let lake = try openLake()
        self.lake = lake
        let oldest = try lake.oldestOffset()
        guard oldest == 0 else {
            throw PipelineError(
                "the journal in \(journalPath) begins at offset \(journalFrom), and frames and control_records of the lake "
                    + (oldest.map { "at \($0)" } ?? "have nothing")
                    + ": what came before decides what becomes of later frames, and is gone")
        }
    }

    /// The next records.
    ///
    /// - Parameter last: an offset that is to be reached, for the error.
    /// - Throws: where there are none, or they cannot be read.
    func block(from offset: Offset, upTo last: Offset) throws -> JournalBlock {
        if offset < journalFrom, let lake { return try block(from: offset, lake) }
        guard let block = try journal.next() else {
            if try JournalInspector.oldestOffset(journalPath) > offset {
                // Retention was faster; what it deletes is in the lake.
                journalFrom = try JournalInspector.oldestOffset(journalPath)
                journal = try JournalReader(path: journalPath, from: journalFrom)
                let lake = try openLake()
                (self.lake, rows, rowsEnd) = (lake, nil, offset)
                return try self.block(from: offset, lake)
            }
            throw PipelineError(
                "the journal in \(journalPath) ends at offset \(offset), and the lake has rows up to \(last): it is not the "
                    + "journal that filled this lake")
        }
        block.forEach { record in
            if record.kind == .define || names.name(record.feed).isEmpty {
                let name = journal.feedName(record.feed)
                names.set(name, of: record.feed)
                numbers[name] = record.feed
            }
        }
        return block
    }

    private func block(from offset: Offset, _ lake: BronzeRows) throws -> JournalBlock {
        while true {
            if let batch = try rows?.next() {
                if batch.count > 0 { return try block(batch, from: offset) }
                continue
            }
            // What the rows before promised must have come.
            guard offset >= rowsEnd else { throw missing(offset) }
            rowsEnd = journalFrom
            guard let next = try lake.records(from: offset, to: &rowsEnd) else { throw missing(offset) }
            rows = next
        }
    }

    /// Rows of the lake as the records that they were.
    private func block(_ batch: ResultBatch, from first: Offset) throws -> JournalBlock {
        payloads.removeAll()
        var records: [RecordBlocks.Record] = []
        records.reserveCapacity(batch.count)
        for row in 0..<batch.count {
            let offset = first + Offset(row)
            guard batch.integer(row: row, column: 0) == offset else { throw missing(offset) }
            let word = batch.value(row: row, column: 1).text
            guard let kind = Self.kinds[word] else {
                throw PipelineError("control_records has a record of an unknown kind, `\(word)`, at offset \(offset)")
            }
            let name = batch.value(row: row, column: 2).text
            // Feeds were numbered in the order in which they were defined.
            if kind == .define { numbers[name] = FeedID(rawValue: UInt16(numbers.count)) }
            guard let feed = numbers[name] else {
                throw PipelineError("the lake lacks the record that defines the feed `\(name)`")
            }
            names.set(name, of: feed)
            let start = payloads.count
            batch.appendText(row: row, column: 4, to: payloads)
            records.append(
                RecordBlocks.Record(
                    kind: kind, feed: feed, ingestTimeNs: batch.integer(row: row, column: 3),
                    payload: start..<payloads.count))
        }
        return blocks.block(from: first, records, payloads: payloads)
    }

    private func missing(_ offset: Offset) -> PipelineError {
        PipelineError(
            "the journal in \(journalPath) begins at offset \(journalFrom), and the lake lacks the record at \(offset), or has "
                + "it twice: frames and control_records must have all that the journal had")
    }
}
