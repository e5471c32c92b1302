import Market
import Platform
import Testing

@Suite struct MarketBoardTests {
    private static let day = Timestamp.nanosecondsPerDay

    private func events(_ trades: [(time: Int64, price: Double, size: Double)]) -> EventBatch {
        let events = EventBatch()
        for (index, trade) in trades.enumerated() {
            events.trades.append(
                instrument: 0, eventTimeNs: trade.time, ingestTimeNs: 0, price: trade.price, size: trade.size,
                journalOffset: Int64(index), frameIndex: 0)
        }
        return events
    }

    @Test func `the day's figures follow the trades of the day, the last price the latest event`() {
        let board = MarketBoard()
        let batch = events([(10, 5, 1), (30, 7, 2), (20, 4, 3)])
        board.apply(batch, tradesFrom: 0, quotesFrom: 0, feed: 3)
        let line = board.snapshot()[0]
        #expect(line.open == 5 && line.high == 7 && line.low == 4)
        #expect(line.lastPrice == 7 && line.eventTimeNs == 30, "a trade that comes late is not the last")
        #expect(line.volume == 6 && line.trades == 3 && line.feed == 3)
        #expect(line.change == 2)
    }

    @Test func `a new UTC day starts the figures anew, and a trade of the day before does not touch them`() {
        let board = MarketBoard()
        let batch = events([(Self.day - 1, 5, 1), (Self.day, 9, 1), (Self.day - 2, 100, 1)])
        board.apply(batch, tradesFrom: 0, quotesFrom: 0, feed: 0)
        let line = board.snapshot()[0]
        #expect(line.day == 1 && line.open == 9 && line.high == 9 && line.trades == 1)
    }

    @Test func `rows before the given ones are not applied again`() {
        let board = MarketBoard()
        let batch = events([(1, 5, 1), (2, 6, 1)])
        board.apply(batch, tradesFrom: 1, quotesFrom: 0, feed: 0)
        #expect(board.snapshot()[0].trades == 1)
    }

    @Test func `a board survives its checkpoint`() throws {
        let board = MarketBoard()
        let batch = events([(10, 5.25, 1), (30, 7, 2)])
        batch.quotes.append(
            instrument: 1, eventTimeNs: 4, ingestTimeNs: 4, bid: 1.5, ask: .nan, journalOffset: 9, frameIndex: 0)
        board.apply(batch, tradesFrom: 0, quotesFrom: 0, feed: 1)
        var writer = BinaryWriter()
        board.encode(into: &writer)
        let other = MarketBoard()
        var reader = BinaryReader(writer.bytes)
        try other.restore(from: &reader)
        #expect(reader.remaining == 0)
        #expect(other.snapshot().map(\.lastPrice)[0] == 7 && other.snapshot()[1].bid == 1.5)
        var again = BinaryWriter()
        other.encode(into: &again)
        #expect(again.bytes == writer.bytes)
    }
}
