internal import Market
internal import Platform

/// Decodes frames of text lines by a mapping into trades and quotes; the place of an event in its frame is its line.
///
/// A line that does not decode becomes a dead letter with its own text; the other lines of the frame are kept.
/// Empty lines count as places and give nothing.
final class CSVDecoder: FeedDecoder {
    private typealias Fault = CSVLine.Fault
    private let context: DecoderContext
    private let mapping: CSVMapping
    private let columns: Columns
    private let line: CSVLine
    private var conditions = ByteTable()
    private var scratch: [UInt8] = []

    /// Positions of the columns; -1 where there is none.
    private struct Columns {
        let price, size, side, tradeID, bid, bidSize, ask, askSize: Int
        let conditions: [Int]

        init(_ mapping: CSVMapping) throws(FeedError) {
            price = try CSVLine.place(mapping.price)
            size = try CSVLine.place(mapping.size)
            side = try CSVLine.place(mapping.side)
            tradeID = try CSVLine.place(mapping.tradeID)
            bid = try CSVLine.place(mapping.bid)
            bidSize = try CSVLine.place(mapping.bidSize)
            ask = try CSVLine.place(mapping.ask)
            askSize = try CSVLine.place(mapping.askSize)
            var places: [Int] = []
            for column in mapping.conditions { places.append(try CSVLine.place(column)) }
            conditions = places
        }
    }

    /// - Throws: `FeedError` where the mapping lacks something or names columns without a header.
    init(_ context: DecoderContext, _ mapping: CSVMapping) throws(FeedError) {
        self.context = context
        self.mapping = mapping
        line = try CSVLine(context, mapping)
        columns = try Columns(mapping)
    }

    func decode(
        payload: UnsafeRawBufferPointer, journalOffset: Int64, ingestTimeNs: Int64, into events: EventBatch
    ) {
        unsafe line.forEach(
            payload, journalOffset: journalOffset, ingestTimeNs: ingestTimeNs, into: events
        ) { (number, receivedNs) throws(Fault) in
            switch mapping.kind {
            case .trades: try trade(number, journalOffset, receivedNs, events.trades)
            case .quotes: try quote(number, journalOffset, receivedNs, events.quotes)
            case .ticks: try tick(number, journalOffset, receivedNs, events)
            case .bars: preconditionFailure("bars have a decoder of their own")
            }
        }
    }

    private func trade(_ number: Int32, _ offset: Int64, _ receivedNs: Int64, _ trades: TradeBatch) throws(Fault) {
        let time = try line.eventTime()
        let price = try line.price(columns.price, "price")
        let size = try line.size(columns.size, "size")
        let tradeID = try tradeID()
        let side = try side()
        let conditions = conditionNumber()
        trades.append(
            instrument: try line.instrument(), eventTimeNs: time, ingestTimeNs: receivedNs, price: price, size: size,
            side: side, tradeID: tradeID, conditions: conditions, journalOffset: offset, frameIndex: number)
    }

    private func quote(_ number: Int32, _ offset: Int64, _ receivedNs: Int64, _ quotes: QuoteBatch) throws(Fault) {
        let time = try line.eventTime()
        let (bid, bidSize) = try side(columns.bid, columns.bidSize, "bid")
        let (ask, askSize) = try side(columns.ask, columns.askSize, "ask")
        guard !bid.isNaN || !ask.isNaN else { throw Fault(reason: .priceNotPositive, what: "bid") }
        quotes.append(
            instrument: try line.instrument(), eventTimeNs: time, ingestTimeNs: receivedNs, bid: bid, ask: ask,
            bidSize: bidSize, askSize: askSize, journalOffset: offset, frameIndex: number)
    }

    private func tick(_ number: Int32, _ offset: Int64, _ receivedNs: Int64, _ events: EventBatch) throws(Fault) {
        let hasQuote = line.isNotZero(columns.bid) || line.isNotZero(columns.ask)
        let hasTrade = line.isNotZero(columns.price)
        guard hasQuote || hasTrade else { throw Fault(reason: .priceNotPositive, what: "bid") }
        if hasQuote { try quote(number, offset, receivedNs, events.quotes) }
        if hasTrade { try trade(number, offset, receivedNs, events.trades) }
    }

    /// Price and size of one side of a quote; both NaN where the side is missing.
    private func side(_ price: Int, _ size: Int, _ field: String) throws(Fault) -> (price: Double, size: Double) {
        guard line.isGiven(price), try line.number(price, field) != 0 else { return (.nan, .nan) }
        let value = try line.price(price, field)
        return (value, line.isGiven(size) ? try line.size(size, field + " size") : .nan)
    }

    private func tradeID() throws(Fault) -> Int64 {
        guard let text = unsafe line.row.bytes(columns.tradeID) else { return ArrowColumn.missingInt64 }
        var value: Int64 = 0
        for index in 0..<text.count {
            let digit = unsafe text[index] &- 48
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(Int64(digit))
            guard digit <= 9, !overflow, !carry else { throw Fault(reason: .wrongType, what: "trade_id") }
            value = sum
        }
        return value
    }

    private func side() throws(Fault) -> Side {
        guard let text = unsafe line.row.bytes(columns.side) else { return .unknown }
        let first = unsafe text[0] | 0x20
        switch (mapping.sideMeaning, first) {
        case (.aggressor, UInt8(ascii: "b")): return .buy
        case (.aggressor, UInt8(ascii: "s")): return .sell
        case (.aggressor, UInt8(ascii: "u")), (.aggressor, UInt8(ascii: "n")): return .unknown  // unknown, none
        case (.buyerIsMaker, UInt8(ascii: "t")), (.buyerIsMaker, UInt8(ascii: "1")): return .sell
        case (.buyerIsMaker, UInt8(ascii: "f")), (.buyerIsMaker, UInt8(ascii: "0")): return .buy
        default: throw Fault(reason: .wrongType, what: "side")
        }
    }

    private func conditionNumber() -> UInt32 {
        scratch.removeAll(keepingCapacity: true)
        for column in columns.conditions {
            guard let text = unsafe line.row.bytes(column) else { continue }
            if !scratch.isEmpty { scratch.append(UInt8(ascii: " ")) }
            unsafe scratch.append(contentsOf: text)
        }
        guard !scratch.isEmpty else { return ArrowColumn.missingIndex }
        return unsafe scratch.withUnsafeBytes { key in
            conditions.number(of: key) {
                context.conditions.intern(unsafe String(decoding: key, as: UTF8.self))
            }
        }
    }
}
