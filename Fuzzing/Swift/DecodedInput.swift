import Glibc
@testable import Feeds
import Market
import Platform

/// Frames decoded by one decoder, and what every decoder promises.
final class DecodedInput {
    let instruments = InstrumentTable()
    let conditions = StringTable()
    let events = EventBatch()
    private let decoder: any FeedDecoder
    static let ingestTimeNs: Int64 = 1_700_000_000_123_456_789

    init(_ make: (DecoderContext) throws(FeedError) -> any FeedDecoder) throws(FeedError) {
        decoder = try make(DecoderContext(instruments: instruments, conditions: conditions, feedNumber: 7))
    }

    /// Decodes frames, each in memory of its own; with one call where `asRun`.
    func decode(_ frames: [[UInt8]], asRun: Bool) {
        let memory = frames.map { frame in
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: frame.count + 64, alignment: 1)
            buffer.copyBytes(from: frame + [UInt8](repeating: UInt8(ascii: asRun ? "7" : "\n"), count: 64))
            return buffer
        }
        defer { for buffer in memory { buffer.deallocate() } }
        let run = FrameRun()
        for (index, buffer) in memory.enumerated() {
            let payload = UnsafeRawBufferPointer(rebasing: buffer[..<frames[index].count])
            if let position = decoder.position(of: payload) {
                require(!position.log.isEmpty && position.number >= StreamNumber(0), "a position of no log")
            }
            _ = decoder.delivery(of: payload)
            if asRun {
                run.append(payload: payload, journalOffset: Int64(index), ingestTimeNs: Self.ingestTimeNs)
            } else {
                decoder.decode(
                    payload: payload, journalOffset: Int64(index), ingestTimeNs: Self.ingestTimeNs, into: events)
            }
        }
        if asRun { decoder.decode(run, into: events) }
    }

    /// Rows are valid, in order, and their numbers known.
    func checkRows() {
        let trades = events.trades, quotes = events.quotes, letters = events.deadLetters
        for row in 0..<trades.count {
            require(Self.isPrice(trades.price[row]) && Self.isSize(trades.size[row]), "trade \(row) is no trade")
            require(Self.isTime(trades.eventTimeNs[row]), "time of trade \(row): \(trades.eventTimeNs[row])")
            require(Int(trades.instrument[row]) < instruments.count, "instrument of trade \(row)")
            require(
                trades.conditions[row] == ArrowColumn.missingIndex || Int(trades.conditions[row]) < conditions.count,
                "conditions of trade \(row)")
        }
        for row in 0..<quotes.count {
            let bid = quotes.bid[row], ask = quotes.ask[row]
            require(bid.isNaN || Self.isPrice(bid), "bid \(bid)")
            require(ask.isNaN || Self.isPrice(ask), "ask \(ask)")
            require(!bid.isNaN || !ask.isNaN, "quote \(row) has no side")
            for size in [quotes.bidSize[row], quotes.askSize[row]] {
                require(size.isNaN || Self.isSize(size), "\(size)")
            }
            require(Self.isTime(quotes.eventTimeNs[row]), "time of quote \(row): \(quotes.eventTimeNs[row])")
            require(Int(quotes.instrument[row]) < instruments.count, "instrument of quote \(row)")
        }
        checkLetters()
        require(Self.isRising(trades.journalOffset, trades.frameIndex), "order of trades")
        require(Self.isRising(quotes.journalOffset, quotes.frameIndex), "order of quotes")
        require(Self.isRising(letters.journalOffset, letters.frameIndex), "order of dead letters")
    }

    /// Dead letters say why.
    func checkLetters() {
        let letters = events.deadLetters
        for row in 0..<letters.count {
            require(RejectReason(rawValue: letters.reason[row]) != nil, "reason \(letters.reason[row])")
            require(letters.detailOffsets[row] < letters.detailOffsets[row + 1], "dead letter \(row) has no detail")
        }
    }

    private static func isPrice(_ value: Double) -> Bool { value > 0 && value.isFinite }
    private static func isSize(_ value: Double) -> Bool { value >= 0 && value.isFinite }
    private static func isTime(_ value: Int64) -> Bool { value >= 0 && value < CSVTimeReader.endNs }

    private static func isRising(_ offsets: Column<Int64>, _ indices: Column<Int32>) -> Bool {
        (1..<max(1, offsets.count)).allSatisfy {
            (offsets[$0 - 1], indices[$0 - 1]) < (offsets[$0], indices[$0])
        }
    }

    /// Every column holds the same bits as that of `other`.
    func checkSame(_ other: DecodedInput) {
        func same<Value: Equatable>(_ columns: [KeyPath<EventBatch, Column<Value>>], _ kind: String) {
            for column in columns {
                let left = events[keyPath: column], right = other.events[keyPath: column]
                require(left.count == right.count, "\(kind): \(left.count) values and \(right.count)")
                let bytes = left.count * MemoryLayout<Value>.stride
                require(memcmp(left.pointer, right.pointer, bytes) == 0, "\(kind): \(column) differs")
            }
        }
        same([\.vendorBars.open, \.vendorBars.high, \.vendorBars.low, \.vendorBars.close], "prices of bars")
        same([\.vendorBars.startNs, \.vendorBars.trades, \.vendorBars.journalOffset], "times of bars")
        for (left, right) in zip(events.records, other.events.records) {
            require(left.count == right.count, "\(left.count) records and \(right.count)")
        }
        same(
            [\.trades.price, \.trades.size, \.quotes.bid, \.quotes.ask, \.quotes.bidSize, \.quotes.askSize], "numbers")
        same(
            [
                \.trades.eventTimeNs, \.trades.tradeID, \.trades.journalOffset, \.quotes.eventTimeNs, \.quotes.updateID,
                \.quotes.journalOffset, \.deadLetters.journalOffset, \.deadLetters.detailOffsets,
                \.deadLetters.payloadOffsets,
            ], "times and numbers")
        same([\.trades.instrument, \.trades.conditions, \.quotes.instrument], "names")
        same([\.trades.frameIndex, \.quotes.frameIndex, \.quotes.flags, \.deadLetters.frameIndex], "places")
        same([\.trades.side, \.deadLetters.reason, \.deadLetters.detail, \.deadLetters.payload], "texts")
        require(events.ignored == other.events.ignored, "ignored")
        require(instruments.count == other.instruments.count && conditions.count == other.conditions.count, "names")
    }
}
