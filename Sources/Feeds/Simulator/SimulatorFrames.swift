/// The frames of the simulated market, as a venue's connection would deliver them.
///
/// Events are gathered for a few milliseconds, a frame takes some more to arrive, and a few of a hundred trades come
/// late, in a later frame. Frames arrive in order. What is delivered depends on the model alone, never on when it is
/// asked for.
///
/// - Threading: one thread at a time.
@safe
final class SimulatorFrames {
    /// One frame.
    @safe
    struct Frame {
        /// When it arrives, in nanoseconds since 1970 UTC.
        let ingestTimeNs: Int64
        let events: Int
        /// Valid until the next frame is asked for; at least 64 more bytes are readable behind it.
        @unsafe let payload: UnsafeRawBufferPointer
    }

    /// A trade held back arrives less than this after it happened, the frame's own way included.
    static let longestDelayNs: Int64 = 1_500_000_000
    private static let lateShare = 0.025
    private static let holdNs = 100_000_000.0...1_400_000_000.0
    /// A frame is sent when its first event waited this long.
    private static let gatherNs: Int64 = 25_000_000

    private var model: MarketModel
    private let writer = SimulatorFrameWriter(SimulatedInstrument.all)
    private var random: SimulatorRandom
    private let latencies = LogNormalTable(median: 8e6, spread: 0.6, within: 2e6...40e6)
    private var held = HeldTrades()
    /// The next event of the model; nil where only time passes until `upcomingNs`.
    private var upcoming: SimulatedEvent?
    private var upcomingNs: Int64
    private var isOpen = false
    /// When the frame that is open is sent at the latest.
    private var deadlineNs = Int64.max
    /// Events after which the frame that is open is sent.
    private var target = 0
    private var lastIngestNs = Int64.min
    /// Moment of the last thing that happened.
    private var reachedNs: Int64

    init(_ model: MarketModel, seed: UInt64) {
        self.model = model
        random = SimulatorRandom(seed: seed, stream: UInt64(bitPattern: ~model.nowNs))
        upcoming = self.model.next()
        upcomingNs = self.model.nowNs
        reachedNs = model.nowNs
    }

    /// When something happens next.
    var nextNs: Int64 { min(upcomingNs, held.nextDueNs, deadlineNs) }

    /// The next frame that is sent at `limitNs` or before; nil where there is none.
    func next(sentBy limitNs: Int64) -> Frame? {
        while true {
            let dueNs = nextNs
            guard dueNs <= limitNs else { return nil }
            reachedNs = dueNs
            if dueNs == deadlineNs { return close(sentNs: dueNs) }
            if dueNs == held.nextDueNs {
                if let trade = held.pop() { add(trade, atNs: dueNs) }
            } else {
                takeUpcoming()
            }
            if isOpen, writer.events >= target { return close(sentNs: dueNs) }
        }
    }

    /// The next frame of what happened but was not sent yet, sent now; nil where there is nothing left.
    func drain() -> Frame? {
        while !isOpen || writer.events < SimulatorFrameWriter.mostEvents, let trade = held.pop() {
            add(trade, atNs: trade.timeNs)
        }
        return isOpen ? close(sentNs: reachedNs) : nil
    }

    private func takeUpcoming() {
        if let event = upcoming {
            if event.isTrade, random.uniform() < Self.lateShare {
                held.push(event, dueNs: upcomingNs + Int64(random.uniform(Self.holdNs)))
            } else {
                add(event, atNs: upcomingNs)
            }
        }
        upcoming = model.next()
        upcomingNs = model.nowNs
    }

    private func add(_ event: SimulatedEvent, atNs timeNs: Int64) {
        if !isOpen {
            isOpen = true
            writer.open()
            deadlineNs = timeNs + Self.gatherNs
            target = Int.random(in: 1...SimulatorFrameWriter.mostEvents, using: &random)
        }
        writer.append(event)
    }

    private func close(sentNs: Int64) -> Frame {
        isOpen = false
        deadlineNs = .max
        lastIngestNs = max(lastIngestNs, sentNs + Int64(latencies[random.next()]))
        return unsafe Frame(ingestTimeNs: lastIngestNs, events: writer.events, payload: writer.close())
    }
}
