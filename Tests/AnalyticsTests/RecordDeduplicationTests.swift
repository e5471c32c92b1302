import Analytics
import Market
import Platform
import Testing

@Suite struct RecordDeduplicationTests {
    private let configuration: EngineConfiguration
    private let output: EngineOutput

    init() throws {
        configuration = try EngineConfiguration(intervals: [Interval(parsing: "1m")], indicators: [])
        output = EngineOutput(configuration)
    }

    private func deal(_ ticket: Int64, _ offset: Int64, to events: EventBatch) {
        let batch = events.deals
        let schema = batch.schema
        batch.begin(journalOffset: offset, frameIndex: 0)
        batch.set(schema.place("account"), "1@Broker")
        batch.set(schema.place("ticket"), ticket)
        for name in ["event_time_ns", "ingest_time_ns", "profit", "commission", "swap", "fee", "broker_offset_s"] {
            batch.set(schema.place(name), Int64(0))
        }
        batch.set(schema.place("type"), "buy")
        batch.set(schema.place("volume"), 0.1)
        batch.end()
    }

    private func bar(_ start: Int64, close: Double, _ offset: Int64, source: String = "stooq", to events: EventBatch) {
        events.vendorBars.append(
            Bar(
                instrument: 0, priceType: .trade, interval: 7, startNs: start, open: 1, high: 2, low: 0.5, close: close,
                volume: 10, vwap: .nan, trades: 0, isFinal: true, revision: 0, journalOffset: offset),
            source: events.texts.intern(source), adjustedClose: close / 2)
    }

    @Test func `a deal counts once, also after a checkpoint`() throws {
        let engine = Engine(configuration)
        let events = EventBatch()
        for (offset, ticket) in [7, 8, 7].enumerated() { deal(Int64(ticket), Int64(offset), to: events) }
        engine.process(events, feed: 1, into: output)
        #expect(events.deals.count == 2)
        let restored = try Engine(configuration, restoring: engine.encode())
        let more = EventBatch()
        for (offset, ticket) in [8, 9].enumerated() { deal(Int64(ticket), Int64(10 + offset), to: more) }
        restored.process(more, feed: 1, into: output)
        #expect(more.deals.count == 1 && more.deals.integer(more.deals.schema.place("ticket"), row: 0) == 9)
        #expect(restored.counters(feed: 1).duplicateRecords == 2 && restored.counters(feed: 1).records == 3)
        #expect(restored.encode() != engine.encode())
    }

    @Test func `a vendor's correction is a revision, its repetition is nothing`() throws {
        let engine = Engine(configuration)
        let events = EventBatch()
        let output = EngineOutput(configuration, texts: events.texts)
        // Newest first, as some vendors send them.
        for (offset, start) in [3, 2, 1, 2, 3].enumerated() {
            bar(Int64(start), close: offset == 3 ? 1.5 : 1, Int64(offset), to: events)
        }
        bar(2, close: 1, 5, source: "tiingo", to: events)
        engine.process(events, feed: 1, into: output)
        let rows = (0..<output.bars.count).map { row in
            "\(output.bars.startNs[row]) \(output.bars.close[row]) \(output.bars.revision[row]) "
                + output.bars.texts[output.bars.source[row]]
        }
        #expect(rows == ["3 1.0 0 stooq", "2 1.0 0 stooq", "1 1.0 0 stooq", "2 1.5 1 stooq", "2 1.0 0 tiingo"])
        #expect(output.bars.intervals.values[Int(output.bars.interval[0])] == "1d")
        let restored = try Engine(configuration, restoring: engine.encode())
        let more = EventBatch()
        bar(2, close: 1.5, 6, to: more)
        bar(2, close: 1, 7, to: more)
        let after = EngineOutput(configuration, texts: more.texts)
        restored.process(more, feed: 1, into: after)
        #expect(after.bars.count == 1 && after.bars.revision[0] == 2)
    }

    @Test func `an instrument's statement is revised where it says something else`() {
        let engine = Engine(configuration)
        let events = EventBatch()
        let batch = events.instruments
        for (offset, name) in ["Meta", "Meta", "Meta Platforms"].enumerated() {
            batch.begin(journalOffset: Int64(offset), frameIndex: 0)
            batch.set(instrument: 0)
            batch.set(batch.schema.place("source"), "vendor")
            batch.set(batch.schema.place("name"), name)
            batch.set(batch.schema.place("updated_ns"), Int64(offset))
            batch.set(batch.schema.place("revision"), Int64(0))
            batch.end()
        }
        engine.process(events, feed: 1, into: output)
        #expect(batch.count == 2 && batch.integer(batch.schema.place("revision"), row: 1) == 1)
    }

    @Test func `bars stand in the order of the journal, whoever made them`() throws {
        let engine = Engine(configuration)
        let events = EventBatch()
        let minute: Int64 = 60_000_000_000
        for (offset, time) in [0, 2 * minute, 4 * minute].enumerated() {
            events.trades.append(
                instrument: 0, eventTimeNs: time, ingestTimeNs: time, price: 1, size: 1,
                journalOffset: Int64(2 * offset), frameIndex: 0)
        }
        bar(1, close: 1, 1, to: events)
        bar(2, close: 1, 3, to: events)
        engine.process(events, feed: 1, into: output)
        #expect((0..<output.bars.count).map { output.bars.journalOffset[$0] } == [1, 2, 3, 4])
    }
}
