import Analytics
import Market
import Platform
import TestKit
import Testing

/// Drives an engine over a journal, in batches and with restarts of one's choice.
struct EngineRunner {
    let configuration: EngineConfiguration
    var names = EngineNames.numbers
    /// Whether the batch is handed over after a record.
    var cuts: () -> Bool = { false }
    /// Whether the engine is written to a checkpoint and read back after a batch.
    var restarts: () -> Bool = { false }
    /// Whether rows that were handed over stay in the batch, so that runs of several feeds share it.
    var shares: () -> Bool = { false }

    /// Returns what came out, and the state at the end.
    func run(_ records: [TestRecord]) throws -> (result: Result, state: [UInt8]) {
        var engine = Engine(configuration, names: names)
        let output = EngineOutput(configuration)
        var result = Result()
        let events = EventBatch()
        var feed: UInt32 = 0
        var done = (trades: 0, quotes: 0)
        var backfills: [BackfilledFrame] = []

        func flush() throws {
            engine.process(
                events, tradesFrom: done.trades, quotesFrom: done.quotes, backfills: backfills, feed: feed, into: output
            )
            backfills = []
            collect(events, from: done, output, &result)
            if !shares() { events.removeAll() }
            done = (events.trades.count, events.quotes.count)
            if restarts() { engine = try Engine(configuration, names: names, restoring: engine.encode()) }
        }
        for record in records {
            if record.feed != feed { try flush() }
            feed = record.feed
            if case .events(let list) = record.kind {
                for event in list { append(event, to: events) }
                if record.isBackfill {
                    backfills.append(BackfilledFrame(journalOffset: record.offset, source: "page \(record.offset % 3)"))
                }
                if cuts() { try flush() }
                continue
            }
            try flush()
            switch record.kind {
            case .begin(let continues, let epoch):
                engine.begin(
                    feed: feed, continues: continues, connection: ConnectionLabel(epoch: epoch),
                    ingestTimeNs: record.ingestNs, journalOffset: record.offset, into: output)
            case .lost(let epoch):
                engine.lost(
                    feed: feed, connection: ConnectionLabel(epoch: epoch), reason: "lost",
                    ingestTimeNs: record.ingestNs, journalOffset: record.offset, into: output)
            case .end: engine.end(feed: feed, journalOffset: record.offset, into: output)
            case .heartbeat(let ingestNs):
                engine.heartbeat(feed: feed, ingestTimeNs: ingestNs, journalOffset: record.offset, into: output)
            case .events: break
            }
            collect(events, from: done, output, &result)
        }
        try flush()
        result.counters = (0..<3).map { engine.counters(feed: $0) }
        return (result, engine.encode())
    }

    private func collect(
        _ events: EventBatch, from first: (trades: Int, quotes: Int), _ output: EngineOutput, _ result: inout Result
    ) {
        for row in first.trades..<events.trades.count {
            result.keptTrades.append([events.trades.journalOffset[row], Int64(events.trades.frameIndex[row])])
        }
        for row in first.quotes..<events.quotes.count {
            result.keptQuotes.append([events.quotes.journalOffset[row], Int64(events.quotes.frameIndex[row])])
        }
        for row in 0..<output.bars.count { result.bars.append(Result.bits(output.bars[row])) }
        let values = output.indicators
        for row in 0..<values.count {
            result.valueKeys.append([
                Int64(values.instrument[row]), Int64(values.priceType[row]), Int64(values.interval[row]),
                values.startNs[row], Int64(values.name[row]), values.journalOffset[row],
            ])
            result.values.append(values.value[row])
        }
        result.coverage += CoverageRow.rows(of: output.coverage)
        output.removeAll()
    }
}

/// A row of the table `coverage`.
struct CoverageRow: Equatable {
    var kind: String
    var feed: String
    var symbol: String
    var fromNs: Int64
    var toNs: Int64
    var missing: Int64
    var first: Int64
    var last: Int64
    var detail: String
    var journalOffset: Int64
    var frameIndex: Int64

    static func rows(of batch: RecordBatch) -> [CoverageRow] {
        func text(_ name: String, _ row: Int) -> String { batch.text(Tables.coverage.place(name), row: row) }
        func integer(_ name: String, _ row: Int) -> Int64 { batch.integer(Tables.coverage.place(name), row: row) }
        return (0..<batch.count).map { row in
            CoverageRow(
                kind: text("kind", row), feed: text("feed", row), symbol: text("symbol", row),
                fromNs: integer("from_ns", row), toNs: integer("to_ns", row), missing: integer("missing", row),
                first: integer("first_id", row), last: integer("last_id", row), detail: text("detail", row),
                journalOffset: integer("journal_offset", row), frameIndex: integer("frame_index", row))
        }
    }
}

func append(_ event: TestEvent, to events: EventBatch) {
    if event.isTrade {
        events.trades.append(
            instrument: event.instrument, eventTimeNs: event.timeNs, ingestTimeNs: event.ingestNs, price: event.price,
            size: event.other, tradeID: event.number, journalOffset: event.offset, frameIndex: event.index)
    } else {
        events.quotes.append(
            instrument: event.instrument, eventTimeNs: event.timeNs, ingestTimeNs: event.ingestNs, bid: event.price,
            ask: event.other, updateID: event.number, journalOffset: event.offset, frameIndex: event.index)
    }
}
