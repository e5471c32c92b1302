import Analytics
import Market

/// What an engine makes of a journal, comparable bit by bit.
struct Result: Equatable {
    /// Places (offset, index) of the trades and quotes that were kept.
    var keptTrades: [[Int64]] = []
    var keptQuotes: [[Int64]] = []
    var bars: [[UInt64]] = []
    /// Instrument, price type, interval, start, name, offset; values stand apart.
    var valueKeys: [[Int64]] = []
    var values: [Double] = []
    var counters: [FeedCounters] = []
    var coverage: [CoverageRow] = []

    static func bits(_ bar: Bar) -> [UInt64] {
        [
            UInt64(bar.instrument), UInt64(bar.priceType.rawValue), UInt64(bar.interval),
            UInt64(bitPattern: bar.startNs), bar.open.bitPattern, bar.high.bitPattern, bar.low.bitPattern,
            bar.close.bitPattern, bar.volume.bitPattern, bar.vwap.isNaN ? 0 : bar.vwap.bitPattern,
            UInt64(bitPattern: bar.trades), bar.isFinal ? 1 : 0, UInt64(bar.revision),
            UInt64(bitPattern: bar.journalOffset),
        ]
    }
}

/// The engine's rules, written down as plainly as possible: keeps every event of every open bar and sorts.
final class ReferenceEngine {
    private struct Key: Hashable {
        var interval: Int
        var instrument: UInt32
        var type: PriceType
        var startNs: Int64
        var endNs: Int64
    }
    private struct Series: Hashable {
        var feed: UInt32
        var interval: Int
        var instrument: UInt32
        var type: PriceType
    }
    private struct Entry {
        var timeNs: Int64
        var arrival: Int
        var price: Double
        var size: Double
        var isAfterEnd: Bool
    }
    private struct Feed {
        var reached: Int64?
        var anchor: (event: Int64, ingest: Int64)?
        var open: [Key: [Entry]] = [:]
        var counters = FeedCounters()
    }

    private let configuration: EngineConfiguration
    private var feeds: [UInt32: Feed] = [:]
    private var trades: [UInt32: Set<Int64>] = [:]
    private var quotes: [UInt32: Set<Int64>] = [:]
    private var history: [Series: [Bar]] = [:]
    private var arrivals = 0
    private(set) var result = Result()
    /// Counters by feed: kept trades, kept quotes, duplicates, late, future, crossed.
    private(set) var counts: [UInt32: [Int]] = [:]

    /// Start and end of an instrument's trading days; nil where they are those of UTC.
    private let sessions: (UInt32) -> [(Int64, Int64)]?

    init(_ configuration: EngineConfiguration, sessions: @escaping (UInt32) -> [(Int64, Int64)]? = { _ in nil }) {
        self.configuration = configuration
        self.sessions = sessions
    }

    func process(_ record: TestRecord) {
        var feed = feeds[record.feed] ?? Feed()
        switch record.kind {
        case .events(let events):
            for event in events { add(event, record.feed, &feed) }
        case .begin(let continues, _):
            if !continues { end(record, &feed) }
        case .lost:
            heartbeat(record.ingestNs, record, &feed)
        case .end:
            end(record, &feed)
        case .heartbeat(let ingestNs): heartbeat(ingestNs, record, &feed)
        }
        feeds[record.feed] = feed
    }

    private func heartbeat(_ ingestNs: Int64, _ record: TestRecord, _ feed: inout Feed) {
        guard let anchor = feed.anchor, let reached = feed.reached else { return }
        let estimate = ingestNs - max(0, anchor.ingest - anchor.event) - configuration.idleGraceNs
        feed.reached = max(reached, estimate)
        close(&feed, record.feed, record.offset)
    }

    private func end(_ record: TestRecord, _ feed: inout Feed) {
        feed.reached = .max
        close(&feed, record.feed, record.offset)
        feed.reached = nil
        feed.anchor = nil
    }

    private func count(_ feed: UInt32, _ place: Int) { counts[feed, default: [0, 0, 0, 0, 0, 0]][place] += 1 }

    private func add(_ event: TestEvent, _ number: UInt32, _ feed: inout Feed) {
        if event.number != ArrowColumn.missingInt64 {
            let isNew =
                event.isTrade
                ? trades[event.instrument, default: []].insert(event.number).inserted
                : quotes[event.instrument, default: []].insert(event.number).inserted
            guard isNew else { return count(number, 2) }
        }
        if event.isTrade { result.keptTrades.append(event.place) } else { result.keptQuotes.append(event.place) }
        count(number, event.isTrade ? 0 : 1)
        if !event.isTrade, event.price > event.other { count(number, 5) }
        if event.timeNs > feed.reached ?? .min {
            guard event.timeNs <= event.ingestNs + configuration.futureToleranceNs else { return count(number, 4) }
            feed.reached = event.timeNs
            feed.anchor = (event.timeNs, event.ingestNs)
        }
        let watermark = feed.reached! - configuration.latenessNs
        close(&feed, number, event.offset)
        if event.timeNs < watermark { count(number, 3) }
        if event.isTrade {
            update(&feed, event, .trade, event.price, event.other)
        } else {
            update(&feed, event, .bid, event.price, 0)
            update(&feed, event, .ask, event.other, 0)
        }
    }

    private func update(_ feed: inout Feed, _ event: TestEvent, _ type: PriceType, _ price: Double, _ size: Double) {
        guard configuration.priceTypes.contains(type), price.isFinite else { return }
        for (place, interval) in configuration.intervals.enumerated() {
            guard let (start, end) = span(interval, event),
                end > feed.reached! - configuration.latenessNs
            else { continue }
            arrivals += 1
            let key = Key(interval: place, instrument: event.instrument, type: type, startNs: start, endNs: end)
            feed.open[key, default: []]
                .append(
                    Entry(
                        timeNs: event.timeNs, arrival: arrivals, price: price, size: size.isFinite ? size : 0,
                        isAfterEnd: feed.reached! >= end))
        }
    }

    private func span(_ interval: Interval, _ event: TestEvent) -> (Int64, Int64)? {
        if interval.isTradingDay, let sessions = sessions(event.instrument) {
            return sessions.first { $0.0 <= event.timeNs && event.timeNs < $0.1 }
        }
        let length = interval.nanoseconds
        let start = event.timeNs - (event.timeNs % length + length) % length
        return (start, start + length)
    }

    private func close(_ feed: inout Feed, _ number: UInt32, _ offset: Int64) {
        let watermark = feed.reached == .max ? Int64.max : feed.reached! - configuration.latenessNs
        let closing = feed.open.filter { key, _ in
            key.endNs <= watermark
        }
        let order = closing.sorted {
            ($0.key.interval, $0.key.endNs, $0.value[0].arrival) < (
                $1.key.interval, $1.key.endNs, $1.value[0].arrival
            )
        }
        for (key, entries) in order {
            feed.open[key] = nil
            let bar = bar(key, entries, offset)
            result.bars.append(Result.bits(bar))
            indicators(
                bar, Series(feed: number, interval: key.interval, instrument: key.instrument, type: key.type))
        }
    }

    private func bar(_ key: Key, _ entries: [Entry], _ offset: Int64) -> Bar {
        let byTime = entries.sorted { ($0.timeNs, $0.arrival) < ($1.timeNs, $1.arrival) }
        let volume = entries.reduce(0) { $0 + $1.size }
        let notional = entries.reduce(0) { $0 + $1.size * $1.price }
        return Bar(
            instrument: key.instrument, priceType: key.type, interval: UInt8(key.interval), startNs: key.startNs,
            open: byTime[0].price, high: entries.map(\.price).max()!, low: entries.map(\.price).min()!,
            close: byTime.last!.price, volume: volume, vwap: volume > 0 ? notional / volume : .nan,
            trades: Int64(entries.count), isFinal: true,
            revision: Int32(entries.count { $0.isAfterEnd }), journalOffset: offset)
    }

    private func indicators(_ bar: Bar, _ series: Series) {
        if let last = history[series]?.last, bar.startNs < last.startNs { history[series] = [] }
        history[series, default: []].append(bar)
        for (place, spec) in configuration.indicators.enumerated() {
            guard let value = Self.value(spec, history[series]!) else { continue }
            result.valueKeys.append([
                Int64(bar.instrument), Int64(bar.priceType.rawValue), Int64(bar.interval), bar.startNs, Int64(place),
                bar.journalOffset,
            ])
            result.values.append(value)
        }
    }

    /// The formulas, from the first bar on.
    static func value(_ spec: IndicatorSpec, _ bars: [Bar]) -> Double? {
        let length = spec.parameters[0]
        let closes = bars.map(\.close)
        if spec.name == "sma" {
            return closes.count < length ? nil : closes.suffix(length).reduce(0, +) / Double(length)
        }
        guard bars.count > length else { return nil }
        if spec.name == "rsi" {
            let changes = zip(closes.dropFirst(), closes).map { $0 - $1 }
            let gain = wilder(changes.map { max($0, 0) }, length)
            let loss = wilder(changes.map { max(-$0, 0) }, length)
            return loss == 0 ? (gain == 0 ? 50 : 100) : 100 - 100 / (1 + gain / loss)
        }
        let ranges = zip(bars.dropFirst(), bars).map { bar, before in
            max(bar.high, before.close) - min(bar.low, before.close)
        }
        return wilder(ranges, length)
    }

    private static func wilder(_ values: [Double], _ length: Int) -> Double {
        let start = values.prefix(length).reduce(0, +) / Double(length)
        return values.dropFirst(length).reduce(start) { ($0 * Double(length - 1) + $1) / Double(length) }
    }
}
