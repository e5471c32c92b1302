import Market
import Platform
import Synchronization

@testable import Feeds

/// A clock that moves only when something waits.
final class WaitedClock: Sendable {
    private let now: Mutex<Int64>
    private let waits = Mutex<[Int64]>([])

    init(nowNs: Int64) { now = Mutex(nowNs) }

    var nowNs: Int64 { now.withLock { $0 } }
    /// Every wait asked for, in nanoseconds.
    var waitsNs: [Int64] { waits.withLock { $0 } }
    var simulatorClock: SimulatorClock {
        SimulatorClock(
            nowNs: { self.nowNs },
            sleep: { span in
                self.waits.withLock { $0.append(span) }
                self.now.withLock { $0 += span }
            })
    }
}

/// Keeps what a source delivers, and cancels it by a rule.
final class RecordedOutput: FeedOutput, FrameSink {
    struct Frame: Equatable {
        let bytes: [UInt8]
        let ingestTimeNs: Int64
    }
    struct Log {
        var feeds: [String] = []
        var settings: [String] = []
        var beginsNs: [Int64] = []
        var frames: [Frame] = []
        var heartbeatsNs: [Int64] = []
        var ends = 0
    }
    private let log = Mutex(Log())
    private let isOver: @Sendable (Log) -> Bool

    /// - Parameter isOver: asked whenever the source asks whether it is cancelled.
    init(until isOver: @escaping @Sendable (Log) -> Bool) { self.isOver = isOver }

    var recorded: Log { log.withLock { $0 } }
    var isCancelled: Bool { log.withLock { isOver($0) } }

    func sink(feed name: String) -> any FrameSink {
        log.withLock { $0.feeds.append(name) }
        return self
    }
    func begin(settings: String, ingestTime: Timestamp) {
        log.withLock {
            $0.settings.append(settings)
            $0.beginsNs.append(ingestTime.nanoseconds)
        }
    }
    func frame(_ payload: UnsafeRawBufferPointer, ingestTime: Timestamp) {
        let frame = Frame(bytes: Array(payload), ingestTimeNs: ingestTime.nanoseconds)
        log.withLock { $0.frames.append(frame) }
    }
    func heartbeat(ingestTime: Timestamp) { log.withLock { $0.heartbeatsNs.append(ingestTime.nanoseconds) } }
    func end(ingestTime: Timestamp) { log.withLock { $0.ends += 1 } }
}

/// What is true of the trades that frames hold, in the order of delivery.
struct DeliveredTrades {
    let decoded = DecodedFrames { FrameDecoders.simulator($0) }
    /// Trade ids by instrument, as delivered.
    private(set) var ids: [Instrument: [Int64]] = [:]
    /// First and last price by instrument, by trade id.
    private(set) var firstPrice: [Instrument: Double] = [:]
    private(set) var lastPrice: [Instrument: Double] = [:]

    init(_ frames: [RecordedOutput.Frame]) {
        for frame in frames { decoded.decode(frame.bytes, ingestTimeNs: frame.ingestTimeNs) }
        let trades = decoded.events.trades
        var byInstrument: [Instrument: [(id: Int64, price: Double)]] = [:]
        for row in 0..<trades.count {
            byInstrument[decoded.instruments[trades.instrument[row]], default: []]
                .append((trades.tradeID[row], trades.price[row]))
        }
        for (instrument, rows) in byInstrument {
            ids[instrument] = rows.map(\.id)
            let sorted = rows.sorted { $0.id < $1.id }
            firstPrice[instrument] = sorted[0].price
            lastPrice[instrument] = sorted[sorted.count - 1].price
        }
    }

    /// Where another session has to go on.
    var state: SimulatorState {
        let events = decoded.events
        let times =
            (0..<events.trades.count).map { events.trades.eventTimeNs[$0] }
            + (0..<events.quotes.count).map { events.quotes.eventTimeNs[$0] }
        return SimulatorState(
            lastEventTimeNs: times.max() ?? 0,
            lastTrades: ids.reduce(into: [:]) { state, entry in
                state[entry.key] = .init(price: lastPrice[entry.key] ?? 0, tradeID: entry.value.max() ?? 0)
            })
    }
}
