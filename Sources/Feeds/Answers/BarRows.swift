internal import Market
internal import Platform

/// A bar as a vendor gives it.
struct VendorBar: Equatable {
    /// Place of the row in the answer.
    var row: Int
    var startNs: Int64
    var open: Double
    var high: Double
    var low: Double
    var close: Double
    /// 0 where the vendor does not say.
    var volume: Double
    /// NaN where the vendor does not say.
    var vwap = Double.nan
    var trades: Int64 = 0
    /// NaN where the vendor does not say.
    var adjustedClose = Double.nan
    /// Per share, going ex on this day; 0 for none.
    var dividend = 0.0
    /// New shares for one old; 1 for none.
    var split = 1.0
    /// The instrument, where rows say it.
    var symbol: String?
}

/// Reads the rows of an answer as bars.
struct BarRows {
    private let time, open, high, low, close, adjustedClose, volume, vwap, trades, dividend, split, symbol: Int
    private let group: Int
    private let isDaily: Bool
    /// From the time of a row back to the start of its bar.
    private let backNs: Int64

    init(_ places: AnswerGroups.Places, intervalNs: Int64, isTimeEnd: Bool) {
        backNs = isTimeEnd ? intervalNs : 0
        group = places.group
        time = places("time")
        open = places("open")
        high = places("high")
        low = places("low")
        close = places("close")
        adjustedClose = places("adjusted_close")
        volume = places("volume")
        vwap = places("vwap")
        trades = places("trades")
        dividend = places("dividend")
        split = places("split")
        symbol = places("symbol")
        isDaily = intervalNs >= Timestamp.nanosecondsPerDay
    }

    /// Reads a row; nil where it has a time and nothing else, as vendors write days without trades.
    func read(_ number: Int, of table: any AnswerTable, _ times: inout AnswerTimes) throws(AnswerFault) -> VendorBar? {
        let row = AnswerRow(table: table, group: group, row: number)
        let time = isDaily ? try row.day(time, &times) : try row.time(time, &times)
        guard let startNs = time.map({ $0 - backNs }) else { throw AnswerFault(.missingField, "time") }
        let prices = [
            try row.price(open, "open"), try row.price(high, "high"), try row.price(low, "low"),
            try row.price(close, "close"),
        ]
        guard let close = prices[3] else {
            guard prices.allSatisfy({ $0 == nil }) else { throw AnswerFault(.missingField, "close") }
            return nil
        }
        // Funds have one price a day; a bar of which a part is missing is another matter.
        if let place = prices.firstIndex(where: { $0 == nil }), !prices[..<3].allSatisfy({ $0 == nil }) {
            throw AnswerFault(.missingField, ["open", "high", "low"][place])
        }
        var bar = VendorBar(
            row: number, startNs: startNs, open: prices[0] ?? close, high: prices[1] ?? close, low: prices[2] ?? close,
            close: close, volume: try row.size(volume, "volume") ?? 0)
        guard bar.low <= bar.high else {
            throw AnswerFault(.inconsistent, "low \(bar.low) lies above high \(bar.high); the bar is not kept")
        }
        bar.vwap = try row.price(vwap, "vwap") ?? .nan
        bar.trades = Int64(exactly: try row.size(trades, "trades")?.rounded() ?? 0) ?? 0
        bar.adjustedClose = try row.price(adjustedClose, "adjusted_close") ?? .nan
        bar.dividend = try row.size(dividend, "dividend") ?? 0
        let ratio = try row.size(split, "split") ?? 1
        // Files write 0 where there was no split.
        bar.split = ratio == 0 ? 1 : ratio
        bar.symbol = row.text(symbol)
        return bar
    }
}
