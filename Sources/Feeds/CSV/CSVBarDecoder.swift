internal import Market
internal import Platform

/// Decodes frames of text lines by a mapping into bars of a vendor, and into the splits and dividends that stand beside
/// them; the place of an event in its frame is its line.
///
/// A line that does not decode becomes a dead letter with its own text; the other lines of the frame are kept. A bar
/// whose open or close lies outside its low and high, or whose adjusted close is no price, is kept, and said in a dead
/// letter besides.
final class CSVBarDecoder: FeedDecoder {
    private typealias Fault = CSVLine.Fault
    private let mapping: CSVMapping
    private let columns: Columns
    private let line: CSVLine
    private let interval: VendorInterval
    private let actions: CorporateActionWriter

    /// Positions of the columns; -1 where there is none.
    private struct Columns {
        let open, high, low, close, adjustedClose, volume, trades, turnover, dividend, split: Int

        init(_ mapping: CSVMapping) throws(FeedError) {
            open = try CSVLine.place(mapping.bars.open)
            high = try CSVLine.place(mapping.bars.high)
            low = try CSVLine.place(mapping.bars.low)
            close = try CSVLine.place(mapping.bars.close)
            adjustedClose = try CSVLine.place(mapping.bars.adjustedClose)
            volume = try CSVLine.place(mapping.size)
            trades = try CSVLine.place(mapping.bars.trades)
            turnover = try CSVLine.place(mapping.bars.turnover)
            dividend = try CSVLine.place(mapping.bars.dividend)
            split = try CSVLine.place(mapping.bars.split)
        }
    }

    /// - Throws: `FeedError` where the mapping lacks something or names columns without a header.
    init(_ context: DecoderContext, _ mapping: CSVMapping) throws(FeedError) {
        self.mapping = mapping
        line = try CSVLine(context, mapping)
        columns = try Columns(mapping)
        guard let interval = VendorInterval(mapping.bars.interval) else {
            preconditionFailure("unchecked interval \(mapping.bars.interval)")
        }
        self.interval = interval
        actions = CorporateActionWriter(source: mapping.bars.source)
    }

    func decode(
        payload: UnsafeRawBufferPointer, journalOffset: Int64, ingestTimeNs: Int64, into events: EventBatch
    ) {
        let source = events.texts.intern(mapping.bars.source)
        unsafe line.forEach(
            payload, journalOffset: journalOffset, ingestTimeNs: ingestTimeNs, into: events
        ) { (number, receivedNs) throws(Fault) in
            let bar = try bar(journalOffset)
            let adjustedClose = adjustedClose(bar)
            let dividend = try line.isGiven(columns.dividend) ? line.number(columns.dividend, "dividend") : 0
            let split = try line.isGiven(columns.split) ? line.number(columns.split, "split") : 0
            guard dividend >= 0, split >= 0 else { throw Fault(reason: .sizeInvalid, what: "dividend or split") }
            events.vendorBars.append(bar, source: source, adjustedClose: adjustedClose)
            let place = CorporateActionWriter.Place(
                instrument: bar.instrument, effectiveNs: bar.startNs, receivedNs: receivedNs,
                journalOffset: journalOffset, frameIndex: number)
            if dividend > 0 { actions.append("dividend", dividend, place, to: events.corporateActions) }
            if split > 0, split != 1 { actions.append("split", split, place, to: events.corporateActions) }
            if let inconsistency = Self.inconsistency(bar) {
                throw Fault(reason: .inconsistent, what: inconsistency + "; the bar is kept as it is stated")
            }
            if adjustedClose.isNaN, line.isGiven(columns.adjustedClose) {
                throw Fault(reason: .inconsistent, what: "the adjusted close is no price; the bar is kept without it")
            }
        }
    }

    private func bar(_ offset: Int64) throws(Fault) -> Bar {
        var start = try line.eventTime()
        if mapping.bars.isTimeEnd { start -= interval.nanoseconds ?? 0 }
        let open = try line.price(columns.open, "open"), high = try line.price(columns.high, "high")
        let low = try line.price(columns.low, "low"), close = try line.price(columns.close, "close")
        guard low <= high else {
            throw Fault(reason: .inconsistent, what: "low \(low) lies above high \(high); the bar is not kept")
        }
        let volume = try line.isGiven(columns.volume) ? line.size(columns.volume, "volume") : 0
        var vwap = Double.nan
        if volume > 0, line.isGiven(columns.turnover) {
            vwap = try line.number(columns.turnover, "turnover") / volume
        }
        var trades: Int64 = 0
        if line.isGiven(columns.trades) {
            guard let count = Int64(exactly: try line.number(columns.trades, "trades")), count >= 0 else {
                throw Fault(reason: .wrongType, what: "trades")
            }
            trades = count
        }
        return Bar(
            instrument: try line.instrument(), priceType: mapping.bars.priceType, interval: interval.place,
            startNs: start, open: open, high: high, low: low, close: close, volume: volume, vwap: vwap,
            trades: trades, isFinal: true, revision: 0, journalOffset: offset)
    }

    /// As the file states it, or by the factor of the bar's day; NaN where neither is known.
    private func adjustedClose(_ bar: Bar) -> Double {
        if line.isGiven(columns.adjustedClose) { return (try? line.price(columns.adjustedClose, "")) ?? .nan }
        let day = CivilDate.split(Timestamp(nanoseconds: bar.startNs)).date
        let adjustments = mapping.bars.adjustments
        var low = 0
        var high = adjustments.count
        while low < high {
            let middle = (low + high) / 2
            if adjustments[middle].through < day { low = middle + 1 } else { high = middle }
        }
        return low < adjustments.count ? bar.close * adjustments[low].factor : .nan
    }

    /// What is wrong with a bar whose open or close lies outside its low and high; nil where nothing is.
    private static func inconsistency(_ bar: Bar) -> String? {
        // Vendors compute with 32-bit numbers: so much of a price is noise.
        let noise = 1e-6
        for (name, price) in [("open", bar.open), ("close", bar.close)]
        where price < bar.low * (1 - noise) || price > bar.high * (1 + noise) {
            return "\(name) \(price) lies outside low \(bar.low) and high \(bar.high)"
        }
        return nil
    }
}
