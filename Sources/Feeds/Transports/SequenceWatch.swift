internal import Market
internal import Platform

/// Reads the numbers of trades off frames, with the feed's own decoder.
///
/// - Threading: one thread at a time.
final class TradeNumbers {
    private let decoder: any FeedDecoder
    private let instruments = InstrumentTable()
    private let events = EventBatch()
    private let frame = Column<UInt8>(capacity: 4096)

    /// - Parameter settings: those of the feed's sessions.
    init(settings: String) throws(FeedError) {
        decoder = try FeedRegistry.makeDecoder(
            settings: settings,
            context: DecoderContext(instruments: instruments, conditions: StringTable(), feedNumber: 0))
    }

    /// Gives each numbered trade of a frame to `body`: number of the instrument, number and time of the trade.
    func read(_ message: RawSpan, _ body: (Int, Int64, Int64) -> Void) {
        frame.removeAll()
        unsafe message.withUnsafeBytes { unsafe frame.append(contentsOf: $0) }
        unsafe decoder.decode(
            payload: UnsafeRawBufferPointer(frame.buffer), journalOffset: 0, ingestTimeNs: 0, into: events)
        let trades = events.trades
        for row in 0..<trades.count where trades.tradeID[row] != ArrowColumn.missingInt64 {
            body(Int(trades.instrument[row]), trades.tradeID[row], trades.eventTimeNs[row])
        }
        events.removeAll()
    }

    /// The venue's name of an instrument.
    func symbol(_ instrument: Int) -> String { instruments[UInt32(instrument)].symbol }
}

/// Finds the trades that are missing among those received on one line.
///
/// - Threading: one thread at a time.
final class SequenceWatch {
    private let numbers: TradeNumbers
    private var tracker: SequenceTracker

    /// - Parameter graceNs: how long a gap may fill by itself.
    init(settings: String, graceNs: Int64) throws(FeedError) {
        numbers = try TradeNumbers(settings: settings)
        tracker = SequenceTracker(graceNs: graceNs)
    }

    /// Takes in a frame.
    func take(_ message: RawSpan, nowNs: Int64) {
        numbers.read(message) { tracker.take($0, number: $1, timeNs: $2, nowNs: nowNs) }
    }

    /// The gaps that did not fill by themselves; each is told once.
    func due(nowNs: Int64) -> [SequenceGap] {
        tracker.due(nowNs: nowNs).map {
            SequenceGap(symbol: numbers.symbol($0.instrument), first: $0.first, last: $0.last, afterNs: $0.afterNs)
        }
    }
}
