internal import Market
internal import Platform

/// The state of one feed: watermark, bars, counters.
final class FeedState {
    private let configuration: EngineConfiguration
    var watermark = Watermark()
    var counters = FeedCounters()
    var bars: BarTable
    /// Rises with every begin and end; quote update numbers are remembered exactly within one session.
    var session: UInt32 = 0

    init(_ configuration: EngineConfiguration) {
        self.configuration = configuration
        bars = BarTable(configuration)
    }

    /// Takes in what is left of a batch after de-duplication, trades and quotes in the order of the journal.
    func add(_ events: EventBatch, tradesFrom: Int, quotesFrom: Int, into output: EngineOutput) {
        let trades = events.trades
        let quotes = events.quotes
        var trade = tradesFrom
        var quote = quotesFrom
        while trade < trades.count || quote < quotes.count {
            let tradesEnd = endOfTrades(trades, from: trade, before: quotes, quote)
            if tradesEnd > trade {
                bars.add(
                    trades, rows: trade..<tradesEnd, watermark: &watermark, counters: &counters, into: output)
                trade = tradesEnd
            }
            let quotesEnd = endOfQuotes(quotes, from: quote, before: trades, trade)
            if quotesEnd > quote {
                bars.add(
                    quotes, rows: quote..<quotesEnd, watermark: &watermark, counters: &counters, into: output)
                quote = quotesEnd
            }
        }
    }

    /// The end of the run of trades that come before the next quote; a trade comes before a quote of the same place.
    private func endOfTrades(_ trades: TradeBatch, from first: Int, before quotes: QuoteBatch, _ quote: Int) -> Int {
        guard quote < quotes.count else { return trades.count }
        let (offset, index) = (quotes.journalOffset[quote], quotes.frameIndex[quote])
        var row = first
        while row < trades.count, (trades.journalOffset[row], trades.frameIndex[row]) <= (offset, index) { row += 1 }
        return row
    }

    /// The end of the run of quotes that come before the next trade.
    private func endOfQuotes(_ quotes: QuoteBatch, from first: Int, before trades: TradeBatch, _ trade: Int) -> Int {
        guard trade < trades.count else { return quotes.count }
        let (offset, index) = (trades.journalOffset[trade], trades.frameIndex[trade])
        var row = first
        while row < quotes.count, (quotes.journalOffset[row], quotes.frameIndex[row]) < (offset, index) { row += 1 }
        return row
    }

    /// Takes in that nothing arrived until `ingestTimeNs`.
    func heartbeat(ingestTimeNs: Int64, journalOffset: Int64, into output: EngineOutput) {
        guard watermark.heartbeat(ingestTimeNs: ingestTimeNs, graceNs: configuration.idleGraceNs) else { return }
        let watermarkNs = watermark.timeNs(latenessNs: configuration.latenessNs)
        guard watermarkNs >= bars.nextCloseNs else { return }
        bars.close(upTo: watermarkNs, journalOffset: journalOffset, counters: &counters, into: output)
    }

    /// Closes every open bar and forgets how far the feed had come.
    func end(journalOffset: Int64, into output: EngineOutput) {
        bars.close(upTo: .max, journalOffset: journalOffset, counters: &counters, into: output)
        watermark = Watermark()
        session &+= 1
    }
}
