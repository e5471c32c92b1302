internal import Market
internal import Platform

/// Decodes frames of text lines by a mapping; the place of an event in its frame is its line.
///
/// A line that does not decode becomes a dead letter with its own text; the other lines of the frame are kept.
/// Empty lines count as places and give nothing.
final class CSVDecoder: FeedDecoder {
    private let context: DecoderContext
    private let mapping: CSVMapping
    private let columns: Columns
    private let row: CSVRow
    private var times: CSVTimeReader
    private var instruments = ByteTable()
    private var conditions = ByteTable()
    /// The instrument of every line, once it was needed.
    private var instrumentOfFile: InstrumentID?
    private var scratch: [UInt8] = []

    /// Positions of the columns; -1 where there is none.
    private struct Columns {
        let time, symbol, venue, price, size, side, tradeID, bid, bidSize, ask, askSize: Int
        let conditions: [Int]
        let highest: Int
    }

    /// Why a line is rejected.
    private struct Fault: Error {
        let reason: RejectReason
        let field: String
    }

    /// - Throws: `FeedError` where the mapping lacks something or names columns without a header.
    init(_ context: DecoderContext, _ mapping: CSVMapping) throws(FeedError) {
        try mapping.check()
        func place(_ column: CSVMapping.Column?) throws(FeedError) -> Int {
            switch column {
            case .position(let place): return place
            case .name(let name): throw FeedError(.settings, "column `\(name)` has no position")
            case nil: return -1
            }
        }
        self.context = context
        self.mapping = mapping
        var places: [Int] = []
        for column in mapping.conditions { places.append(try place(column)) }
        let time = try place(mapping.time)
        let all = [
            time, try place(mapping.symbolColumn), try place(mapping.venueColumn), try place(mapping.price),
            try place(mapping.size), try place(mapping.side), try place(mapping.tradeID), try place(mapping.bid),
            try place(mapping.bidSize), try place(mapping.ask), try place(mapping.askSize),
        ]
        columns = Columns(
            time: time, symbol: all[1], venue: all[2], price: all[3], size: all[4], side: all[5], tradeID: all[6],
            bid: all[7], bidSize: all[8], ask: all[9], askSize: all[10], conditions: places,
            highest: max(all.max() ?? 0, places.max() ?? 0))
        row = CSVRow(fields: columns.highest + 1, delimiter: mapping.delimiter)
        times = CSVTimeReader(mapping)
    }

    func decode(
        payload: UnsafeRawBufferPointer, journalOffset: Int64, ingestTimeNs: Int64, into events: EventBatch
    ) {
        unsafe TextLines.forEach(payload) { line, number in
            guard line.count > 0 else { return }
            unsafe row.split(line)
            do throws(Fault) {
                switch mapping.kind {
                case .trades: try trade(number, journalOffset, ingestTimeNs, events.trades)
                case .quotes: try quote(number, journalOffset, ingestTimeNs, events.quotes)
                }
            } catch {
                unsafe events.deadLetters.append(
                    ingestTimeNs: ingestTimeNs, feed: context.feedNumber, journalOffset: journalOffset,
                    frameIndex: Int32(number), reason: error.reason,
                    detail: RejectText.detail(error.reason, error.field), payload: line)
            }
        }
    }

    private func trade(_ line: Int, _ offset: Int64, _ ingestTimeNs: Int64, _ trades: TradeBatch) throws(Fault) {
        let time = try time()
        let price = try number(columns.price, "price") / mapping.priceScale
        guard price > 0, price.isFinite else { throw Fault(reason: .priceNotPositive, field: "price") }
        var size = 0.0
        if columns.size >= 0 {
            size = try number(columns.size, "size") / mapping.sizeScale
            guard size >= 0, size.isFinite else { throw Fault(reason: .sizeInvalid, field: "size") }
        }
        let tradeID = try tradeID()
        let side = try side()
        let conditions = conditionNumber()
        trades.append(
            instrument: try instrument(), eventTimeNs: time, ingestTimeNs: ingestTimeNs, price: price, size: size,
            side: side, tradeID: tradeID, conditions: conditions, journalOffset: offset, frameIndex: Int32(line))
    }

    private func quote(_ line: Int, _ offset: Int64, _ ingestTimeNs: Int64, _ quotes: QuoteBatch) throws(Fault) {
        let time = try time()
        let (bid, bidSize) = try side(columns.bid, columns.bidSize, "bid")
        let (ask, askSize) = try side(columns.ask, columns.askSize, "ask")
        guard !bid.isNaN || !ask.isNaN else { throw Fault(reason: .priceNotPositive, field: "bid") }
        quotes.append(
            instrument: try instrument(), eventTimeNs: time, ingestTimeNs: ingestTimeNs, bid: bid, ask: ask,
            bidSize: bidSize, askSize: askSize, journalOffset: offset, frameIndex: Int32(line))
    }

    private func time() throws(Fault) -> Int64 {
        guard let text = unsafe row.bytes(columns.time) else { throw Fault(reason: .missingField, field: "time") }
        guard let time = times.read(text) else { throw Fault(reason: .wrongType, field: "time") }
        guard time >= 0, time < CSVTimeReader.endNs else { throw Fault(reason: .timeOutOfRange, field: "time") }
        return time
    }

    private func number(_ column: Int, _ field: String) throws(Fault) -> Double {
        if let value = row.number(column) { return value }
        throw Fault(reason: unsafe row.bytes(column) == nil ? .missingField : .wrongType, field: field)
    }

    /// Price and size of one side of a quote; both NaN where the side is missing.
    private func side(_ price: Int, _ size: Int, _ field: String) throws(Fault) -> (price: Double, size: Double) {
        guard unsafe row.bytes(price) != nil else { return (.nan, .nan) }
        let value = try number(price, field) / mapping.priceScale
        if value == 0 { return (.nan, .nan) }
        guard value > 0, value.isFinite else { throw Fault(reason: .priceNotPositive, field: field) }
        guard unsafe row.bytes(size) != nil else { return (value, .nan) }
        let quantity = try number(size, field + " size") / mapping.sizeScale
        guard quantity >= 0, quantity.isFinite else { throw Fault(reason: .sizeInvalid, field: field + " size") }
        return (value, quantity)
    }

    private func tradeID() throws(Fault) -> Int64 {
        guard let text = unsafe row.bytes(columns.tradeID) else { return ArrowColumn.missingInt64 }
        var value: Int64 = 0
        for index in 0..<text.count {
            let digit = unsafe text[index] &- 48
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(Int64(digit))
            guard digit <= 9, !overflow, !carry else { throw Fault(reason: .wrongType, field: "trade_id") }
            value = sum
        }
        return value
    }

    private func side() throws(Fault) -> Side {
        guard let text = unsafe row.bytes(columns.side) else { return .unknown }
        let first = unsafe text[0] | 0x20
        switch (mapping.sideMeaning, first) {
        case (.aggressor, UInt8(ascii: "b")): return .buy
        case (.aggressor, UInt8(ascii: "s")): return .sell
        case (.aggressor, UInt8(ascii: "u")), (.aggressor, UInt8(ascii: "n")): return .unknown  // unknown, none
        case (.buyerIsMaker, UInt8(ascii: "t")), (.buyerIsMaker, UInt8(ascii: "1")): return .sell
        case (.buyerIsMaker, UInt8(ascii: "f")), (.buyerIsMaker, UInt8(ascii: "0")): return .buy
        default: throw Fault(reason: .wrongType, field: "side")
        }
    }

    private func conditionNumber() -> UInt32 {
        scratch.removeAll(keepingCapacity: true)
        for column in columns.conditions {
            guard let text = unsafe row.bytes(column) else { continue }
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

    private func instrument() throws(Fault) -> InstrumentID {
        guard columns.symbol >= 0 || columns.venue >= 0 else {
            if let instrumentOfFile { return instrumentOfFile }
            let number = context.instruments.intern(Instrument(venue: mapping.venue, symbol: mapping.symbol))
            instrumentOfFile = number
            return number
        }
        let venue = unsafe row.bytes(columns.venue), symbol = unsafe row.bytes(columns.symbol)
        if columns.symbol >= 0, unsafe symbol == nil { throw Fault(reason: .missingField, field: "symbol") }
        guard unsafe (venue?.count ?? 0) <= 128, unsafe (symbol?.count ?? 0) <= 128 else {
            throw Fault(reason: .wrongType, field: "symbol")
        }
        scratch.removeAll(keepingCapacity: true)
        if let venue = unsafe venue { unsafe scratch.append(contentsOf: venue) }
        scratch.append(0)
        if let symbol = unsafe symbol { unsafe scratch.append(contentsOf: symbol) }
        return unsafe scratch.withUnsafeBytes { key in
            instruments.number(of: key) {
                let venueText = unsafe venue.map { unsafe String(decoding: $0, as: UTF8.self) } ?? mapping.venue
                let symbolText = unsafe symbol.map { unsafe String(decoding: $0, as: UTF8.self) } ?? mapping.symbol
                return context.instruments.intern(Instrument(venue: venueText, symbol: symbolText))
            }
        }
    }
}
