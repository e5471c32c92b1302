internal import Market
internal import Platform

/// Reads the rows of an answer as bars.
struct BarRows {
    private let open, high, low, close, adjustedClose, volume, vwap, trades, dividend, split, time: AnswerColumn
    private let isDaily: Bool
    /// From the time of a row back to the start of its bar.
    private let backNs: Int64

    /// - Parameter table: has read the answer whose rows are asked for.
    init(_ places: AnswerGroups.Places, of table: any AnswerTable, intervalNs: Int64, isTimeEnd: Bool) {
        func column(_ field: String) -> AnswerColumn {
            places(field) < 0 ? .missing : table.column(places.group, places(field))
        }
        backNs = isTimeEnd ? intervalNs : 0
        isDaily = intervalNs >= Timestamp.nanosecondsPerDay
        time = column("time")
        open = column("open")
        high = column("high")
        low = column("low")
        close = column("close")
        adjustedClose = column("adjusted_close")
        volume = column("volume")
        vwap = column("vwap")
        trades = column("trades")
        dividend = column("dividend")
        split = column("split")
    }

    /// Reads a row; nil where it has a time and nothing else, as vendors write days without trades.
    @inline(__always)
    func read(_ row: Int, _ times: inout AnswerTimes) throws(AnswerFault) -> VendorBar? {
        guard let time = isDaily ? try times.day(time[row]) : try times.time(time[row]) else {
            throw AnswerFault(.missingField, "time")
        }
        var bar = VendorBar(
            row: row, startNs: time - backNs, open: try open.price(row, "open"), high: try high.price(row, "high"),
            low: try low.price(row, "low"), close: try close.price(row, "close"))
        if bar.isIncomplete, try !bar.isCompleted() { return nil }
        bar.volume = try volume.size(row, "volume")
        guard bar.low <= bar.high else {
            throw AnswerFault(.inconsistent, "low \(bar.low) lies above high \(bar.high); the bar is not kept")
        }
        bar.vwap = try vwap.price(row, "vwap")
        if trades.count > 0 { bar.trades = Int64(exactly: try trades.size(row, "trades").rounded()) ?? 0 }
        bar.adjustedClose = try adjustedClose.price(row, "adjusted_close")
        bar.dividend = try dividend.size(row, "dividend")
        let ratio = try split.size(row, "split")
        // Files write 0 where there was no split.
        bar.split = ratio == 0 ? 1 : ratio
        return bar
    }
}

extension VendorBar {
    /// Whether one of its prices is missing.
    @inline(__always)
    fileprivate var isIncomplete: Bool { open.isNaN || high.isNaN || low.isNaN || close.isNaN }

    /// Fills what is missing in a bar of which there is only a close. False where there is no price at all.
    ///
    /// - Throws: `AnswerFault` where a part is missing.
    @inline(never)
    fileprivate mutating func isCompleted() throws(AnswerFault) -> Bool {
        let others = [("open", open), ("high", high), ("low", low)]
        let missing = others.first { $0.1.isNaN }
        let hasNone = others.allSatisfy { $0.1.isNaN }
        if close.isNaN {
            guard hasNone else { throw AnswerFault(.missingField, "close") }
            return false
        }
        // Funds have one price a day; a bar of which a part is missing is another matter.
        if let missing, !hasNone { throw AnswerFault(.missingField, missing.0) }
        (open, high, low) = (close, close, close)
        return true
    }
}
