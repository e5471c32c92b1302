internal import Market
internal import Platform

/// The state of one feed: watermark, bars, counters.
final class FeedState {
    private let configuration: EngineConfiguration
    var watermark = Watermark()
    var counters = FeedCounters()
    var bars: BarTable
    /// Deliveries whose sender gave them a key.
    var deliveries = DeliveryKeys()
    /// How far the logs that the feed consumes were seen.
    var positions = StreamPositions()
    /// Rises with every begin and end; quote update numbers are remembered exactly within one session.
    var session: UInt32 = 0

    init(_ configuration: EngineConfiguration, _ names: EngineNames) {
        self.configuration = configuration
        bars = BarTable(configuration, names)
    }

    /// Takes in what is left of a batch after de-duplication, trades and quotes in the order of the journal.
    func add(
        _ events: EventBatch, trades tradeRows: Range<Int>, quotes quoteRows: Range<Int>, feed: UInt32,
        ledger: inout CoverageLedger, into output: EngineOutput
    ) {
        let trades = events.trades
        let quotes = events.quotes
        var trade = tradeRows.lowerBound
        var quote = quoteRows.lowerBound
        while trade < tradeRows.upperBound || quote < quoteRows.upperBound {
            let tradesEnd = endOfTrades(
                trades, trade..<tradeRows.upperBound, before: quotes, quote..<quoteRows.upperBound)
            if tradesEnd > trade {
                ledger.add(trades, rows: trade..<tradesEnd, feed: feed, into: output.coverage)
                bars.add(
                    trades, rows: trade..<tradesEnd, watermark: &watermark, counters: &counters, into: output)
                trade = tradesEnd
            }
            let quotesEnd = endOfQuotes(
                quotes, quote..<quoteRows.upperBound, before: trades, trade..<tradeRows.upperBound)
            if quotesEnd > quote {
                ledger.add(quotes, rows: quote..<quotesEnd, feed: feed, into: output.coverage)
                bars.add(
                    quotes, rows: quote..<quotesEnd, watermark: &watermark, counters: &counters, into: output)
                quote = quotesEnd
            }
        }
    }

    /// The same, with events of other partitions in between.
    func add(
        _ events: EventBatch, trades: Range<Int>, quotes: Range<Int>, following followed: [FollowedEvent],
        feed: UInt32, ledger: inout CoverageLedger, into output: EngineOutput
    ) {
        var (trade, quote) = (trades.lowerBound, quotes.lowerBound)
        for event in followed {
            let (firstTrade, firstQuote) = (trade, quote)
            while trade < trades.upperBound,
                !event.isBefore(events.trades.journalOffset[trade], events.trades.frameIndex[trade])
            { trade += 1 }
            while quote < quotes.upperBound,
                !event.isBefore(events.quotes.journalOffset[quote], events.quotes.frameIndex[quote])
            { quote += 1 }
            add(
                events, trades: firstTrade..<trade, quotes: firstQuote..<quote, feed: feed, ledger: &ledger,
                into: output)
            ledger.follow(event, feed: feed, into: output.coverage)
            bars.follow(event, watermark: &watermark, counters: &counters, into: output)
        }
        add(
            events, trades: trade..<trades.upperBound, quotes: quote..<quotes.upperBound, feed: feed, ledger: &ledger,
            into: output)
    }

    /// The end of the run of trades that come before the next quote; a trade comes before a quote of the same place.
    private func endOfTrades(
        _ trades: TradeBatch, _ rows: Range<Int>, before quotes: QuoteBatch, _ next: Range<Int>
    ) -> Int {
        guard let quote = next.first else { return rows.upperBound }
        let (offset, index) = (quotes.journalOffset[quote], quotes.frameIndex[quote])
        var row = rows.lowerBound
        while row < rows.upperBound, (trades.journalOffset[row], trades.frameIndex[row]) <= (offset, index) { row += 1 }
        return row
    }

    /// The end of the run of quotes that come before the next trade.
    private func endOfQuotes(
        _ quotes: QuoteBatch, _ rows: Range<Int>, before trades: TradeBatch, _ next: Range<Int>
    ) -> Int {
        guard let trade = next.first else { return rows.upperBound }
        let (offset, index) = (trades.journalOffset[trade], trades.frameIndex[trade])
        var row = rows.lowerBound
        while row < rows.upperBound, (quotes.journalOffset[row], quotes.frameIndex[row]) < (offset, index) { row += 1 }
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
