import Databases
import Lake
import Market
import Platform
import TestKit

/// A repeatable history of engine steps that fills all tables.
struct SampleSteps {
    static let day: Int64 = 86_400_000_000_000
    /// 2026-01-31T23:00:00Z, so that a history of hours crosses a date.
    static let start = Timestamp(rfc3339: "2026-01-31T23:00:00Z")!.nanoseconds

    struct Step {
        let batches: [any ColumnarBatch]
        let openBars: BarBatch
        let lastOffset: Int64
    }

    let dictionaries: BatchDictionaries
    let steps: [Step]

    /// - Parameter events: trades of one step, and as many quotes and frames; bars are fewer.
    init(seed: UInt64, steps count: Int, events: Int = 50) {
        var generator = SeededGenerator(seed: seed)
        let instruments = InstrumentTable(), conditions = StringTable(), feeds = StringTable()
        for symbol in ["BTCUSDT", "ETHUSDT", "ÅÄÖ 'quoted' \"name\""] {
            _ = instruments.intern(Instrument(venue: "VENUE", symbol: symbol))
        }
        for text in ["@", "@ T", ""] { _ = conditions.intern(text) }
        _ = feeds.intern("feed-a")
        dictionaries = BatchDictionaries(
            venues: instruments.venues.snapshot(), symbols: instruments.symbols.snapshot(),
            conditions: conditions.snapshot(), feeds: feeds.snapshot())
        let intervals = StringDictionary(values: ["1s", "1m"]),
            names = StringDictionary(values: ["sma(20)", "rsi(14)"])
        steps = (0..<count).map { step in
            let trades = TradeBatch(), quotes = QuoteBatch(), frames = FrameBatch(), dead = DeadLetterBatch()
            let bars = BarBatch(intervals: intervals), open = BarBatch(intervals: intervals)
            let indicators = IndicatorBatch(intervals: intervals, names: names)
            let texts = StringTable()
            let records = (Tables.records + [Tables.coverage, Tables.controlRecords]).map {
                RecordBatch($0, texts: texts)
            }
            var offset = Int64(step * events)
            for index in 0..<events {
                offset = Int64(step * events + index)
                let time = Self.start + offset * 40_000_000_000 + Int64.random(in: 0..<1_000_000, using: &generator)
                let instrument = UInt32.random(in: 0..<3, using: &generator)
                let price = Double.random(in: 1...2, using: &generator)
                trades.append(
                    instrument: instrument, eventTimeNs: time, ingestTimeNs: time + 5, price: price, size: 0.1,
                    side: [.buy, .sell, .unknown][Int.random(in: 0..<3, using: &generator)],
                    tradeID: index % 4 == 0 ? ArrowColumn.missingInt64 : offset,
                    conditions: index % 3 == 0 ? ArrowColumn.missingIndex : UInt32(index % 3), journalOffset: offset,
                    frameIndex: 0)
                quotes.append(
                    instrument: instrument, eventTimeNs: time, ingestTimeNs: time, bid: price,
                    ask: index % 5 == 0 ? .nan : price + 1, journalOffset: offset, frameIndex: 1)
                let payload = Array("{\"n\":\(offset)}\u{0}".utf8)
                payload.withUnsafeBytes { bytes in
                    frames.append(ingestTimeNs: time, feed: 0, journalOffset: offset, payload: bytes)
                    if index % 10 == 9 {
                        dead.append(
                            ingestTimeNs: time, feed: 0, journalOffset: offset, frameIndex: 2, reason: .missingField,
                            detail: "no \"p\" in frame \(offset)", payload: bytes)
                    }
                }
                guard index % 10 == 0 else { continue }
                for isFinal in [true, false] {
                    (isFinal ? bars : open).append(
                        Bar(
                            instrument: instrument, priceType: .trade, interval: UInt8(index / 10 % 2), startNs: time,
                            open: price, high: price, low: price, close: price, volume: 1,
                            vwap: index == 0 ? .nan : price, trades: 3, isFinal: isFinal, revision: 0,
                            journalOffset: offset))
                }
                indicators.append(
                    instrument: instrument, priceType: .trade, interval: 1, startNs: time, name: 1, value: price,
                    journalOffset: offset)
                for record in records { Self.append(to: record, instrument, time, offset, &generator) }
            }
            return Step(
                batches: [frames, dead, trades, quotes, bars, indicators] + records, openBars: open,
                lastOffset: offset)
        }
    }

    /// A row of any table of records; every third of the cells that may be missing is.
    private static func append(
        to batch: RecordBatch, _ instrument: InstrumentID, _ time: Int64, _ offset: Int64,
        _ generator: inout SeededGenerator
    ) {
        let hasPlace = batch.schema.columns.contains { $0.name == "frame_index" }
        if hasPlace { batch.begin(journalOffset: offset, frameIndex: 0) }
        var hasInstrument = false
        for (place, column) in batch.schema.storedColumns.enumerated() {
            if ["journal_offset", "frame_index"].contains(column.name) {
                if !hasPlace { batch.set(place, offset) }
                continue
            }
            if !column.isNullable, ["venue", "symbol"].contains(column.name), batch.schema.columns[0].name == "venue" {
                if !hasInstrument { batch.set(instrument: instrument) }
                hasInstrument = true
                continue
            }
            if column.isNullable, Int.random(in: 0..<3, using: &generator) == 0 { continue }
            switch column.type {
            case .int64: batch.set(place, time)
            case .decimal: batch.set(place, Int64.random(in: -1_000_000_000_000...1_000_000_000_000, using: &generator))
            case .int32, .date: batch.set(place, Int64.random(in: 0...20_000, using: &generator))
            case .float64: batch.set(place, Double.random(in: -2...2, using: &generator))
            case .boolean: batch.set(place, Bool.random(using: &generator))
            case .string: batch.set(place, ["", "ä", "a b", "'"][Int.random(in: 0..<4, using: &generator)])
            case .timestamp, .binary: preconditionFailure("no such column in a table of records")
            }
        }
        batch.end()
    }

    /// Appends steps; the open bars of the last one stay.
    func append(to store: HotStore, _ range: Range<Int>) {
        for step in steps[range] {
            store.append(step.batches, openBars: step.openBars, dictionaries, upTo: step.lastOffset)
        }
    }
}

/// All rows of every table, in an order of their own, as text.
func contents(
    _ connection: Connection, _ tables: [TableSchema] = Tables.all, lakeOnly: Bool = false
) throws -> [String: [String]] {
    var contents: [String: [String]] = [:]
    for table in tables {
        let filter = lakeOnly && table.name == "bars" ? "WHERE final" : ""
        let result = try connection.query("SELECT * FROM \(table.name) \(filter) ORDER BY ALL").collect()
        contents[table.name] = result.rows.map { $0.map(\.csv).joined(separator: ",") }
    }
    return contents
}

/// The options of a store in a folder.
func options(_ folder: TemporaryFolder, pipeline: String = "test") -> HotStore.Options {
    HotStore.Options(lake: folder.path + "/lake", pipeline: pipeline, memoryBytes: 1 << 29, threads: 2)
}
