internal import Market
internal import Platform

/// Rows of a batch as the live stream needs them.
protocol LiveRows {
    static var channel: Subscription.Channel { get }
    /// Texts of the intervals that `LiveSubject.interval` counts; nil where rows have none.
    var intervals: StringDictionary? { get }
    func subject(_ row: Int) -> LiveSubject
    /// Formats one row; `instrument` is the name as JSON text.
    func write(_ row: Int, instrument: [UInt8], to messages: inout LiveMessages)
}

struct TradeRows: LiveRows {
    static let channel = Subscription.Channel.trades
    let trades: TradeBatch
    var intervals: StringDictionary? { nil }

    func subject(_ row: Int) -> LiveSubject {
        LiveSubject(channel: Self.channel, instrument: trades.instrument[row])
    }
    func write(_ row: Int, instrument: [UInt8], to messages: inout LiveMessages) {
        messages.trade(trades, row, instrument: instrument)
    }
}

struct QuoteRows: LiveRows {
    static let channel = Subscription.Channel.quotes
    let quotes: QuoteBatch
    var intervals: StringDictionary? { nil }

    func subject(_ row: Int) -> LiveSubject {
        LiveSubject(channel: Self.channel, instrument: quotes.instrument[row])
    }
    func write(_ row: Int, instrument: [UInt8], to messages: inout LiveMessages) {
        messages.quote(quotes, row, instrument: instrument)
    }
}

struct BarRows: LiveRows {
    static let channel = Subscription.Channel.bars
    let bars: BarBatch
    var intervals: StringDictionary? { bars.intervals }

    func subject(_ row: Int) -> LiveSubject {
        LiveSubject(
            channel: Self.channel, instrument: bars.instrument[row], startNs: bars.startNs[row],
            interval: bars.interval[row], priceType: bars.priceType[row])
    }
    func write(_ row: Int, instrument: [UInt8], to messages: inout LiveMessages) {
        messages.bar(bars[row], instrument: instrument, interval: bars.intervals.values[Int(bars.interval[row])])
    }
}

struct IndicatorRows: LiveRows {
    static let channel = Subscription.Channel.indicators
    let values: IndicatorBatch
    var intervals: StringDictionary? { values.intervals }

    func subject(_ row: Int) -> LiveSubject {
        LiveSubject(
            channel: Self.channel, instrument: values.instrument[row], startNs: values.startNs[row],
            interval: values.interval[row], priceType: values.priceType[row], name: values.name[row])
    }
    func write(_ row: Int, instrument: [UInt8], to messages: inout LiveMessages) {
        messages.indicator(
            values, row, instrument: instrument, interval: values.intervals.values[Int(values.interval[row])])
    }
}
