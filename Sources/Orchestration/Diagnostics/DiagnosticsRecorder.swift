internal import Feeds
internal import Journaling
internal import Market
internal import Platform
internal import Synchronization

/// Brings the program's metrics and messages to the journal, from where they become tables like any other.
///
/// The first snapshot comes an interval after the start, and messages from before it with it; from then on messages are
/// written once a second. A journal that is busy or cannot write gets none: market data goes first. So a message about such
/// a journal leads to no record, and one that is said again and again to two rows per snapshot at most.
/// - Threading: `tick` and `end` from any thread, one at a time; messages from any.
final class DiagnosticsRecorder: Sendable {
    private struct State {
        var feed: FeedID?
        var rows = MetricRows()
        var dueNs: Int64
        /// Messages that the journal had no room for.
        var waiting: [DiagnosticsFrame.Message] = []
        var isOver = false
    }
    private let settings: DiagnosticsSettings
    private let pipeline: String
    private let journal: Journal
    private let feedNames: FeedNames
    private let metrics: Metrics
    private let dropped: Counter
    private let messages: LogBuffer
    private let state: Mutex<State>

    /// Messages of a frame.
    private static let frameMessages = 100

    /// Takes messages from now on; writes nothing before it is asked to.
    init(
        _ settings: DiagnosticsSettings, pipeline: String, journal: Journal, feedNames: FeedNames, metrics: Metrics,
        nowNs: Int64 = Stopwatch.monotonicNs()
    ) {
        self.settings = settings
        self.pipeline = pipeline
        self.journal = journal
        self.feedNames = feedNames
        self.metrics = metrics
        dropped = metrics.counter(
            "tapedeck_diagnostics_dropped_total",
            help: "Snapshots and messages left out, since the journal was busy or they were too many.")
        messages = LogBuffer(dropped: dropped)
        messages.observe(from: settings.level)
        state = Mutex(State(dueNs: nowNs + settings.everyNs))
    }

    /// Writes what is due; to be called about once a second.
    ///
    /// - Parameter nowNs: of a clock that only goes forward.
    func tick(nowNs: Int64 = Stopwatch.monotonicNs()) {
        state.withLock { state in
            let isDue = nowNs >= state.dueNs
            guard !state.isOver, isDue || state.feed != nil else { return }
            if isDue {
                // Where the machine slept, one snapshot stands for those that it missed.
                while state.dueNs <= nowNs { state.dueNs += settings.everyNs }
                let time = Timestamp.now()
                let rows = state.rows.rows(metrics.readings())
                let frame = DiagnosticsFrame.snapshot(rows, pipeline: pipeline, timeNs: time.nanoseconds)
                if !write(frame, time, &state) { dropped.increment() }
            }
            writeMessages(repeats: isDue, &state)
        }
    }

    /// Writes the messages that are left, where the journal has others, and ends.
    func end() {
        messages.end()
        state.withLock { state in
            guard !state.isOver else { return }
            state.isOver = true
            guard let feed = state.feed else { return }
            writeMessages(repeats: true, &state)
            dropped.add(state.waiting.count)
            _ = unsafe try? journal.appendWhereIdle(
                .end, feed: feed, ingestTime: .now(), payload: UnsafeRawBufferPointer(start: nil, count: 0))
        }
    }

    private func writeMessages(repeats: Bool, _ state: inout State) {
        // What waits for room is all that is taken: the buffer counts what comes on top.
        if state.waiting.isEmpty || repeats && state.waiting.count < LogBuffer.capacity {
            state.waiting += messages.take(repeats: repeats)
        }
        while !state.waiting.isEmpty {
            let time = Timestamp.now()
            let part = Array(state.waiting.prefix(Self.frameMessages))
            let frame = DiagnosticsFrame.logs(part, pipeline: pipeline, timeNs: time.nanoseconds)
            guard write(frame, time, &state) else { return }
            state.waiting.removeFirst(part.count)
        }
    }

    /// - Returns: false where the journal has no room, or has ended.
    private func write(_ frame: [UInt8], _ time: Timestamp, _ state: inout State) -> Bool {
        do {
            guard let feed = try feed(time, &state) else { return false }
            return try append(.data, feed, time, frame)
        } catch {
            return false
        }
    }

    /// The feed, whose session begins with the first frame.
    private func feed(_ time: Timestamp, _ state: inout State) throws -> FeedID? {
        if let known = state.feed { return known }
        guard journal.isIdle else { return nil }
        let feed = try journal.feed(named: Tables.programFeed)
        feedNames.set(Tables.programFeed, of: feed)
        guard try append(.begin, feed, time, Array(DiagnosticsFrame.settings.utf8)) else { return nil }
        state.feed = feed
        return feed
    }

    private func append(_ kind: RecordKind, _ feed: FeedID, _ time: Timestamp, _ bytes: [UInt8]) throws -> Bool {
        try unsafe bytes.withUnsafeBytes { bytes in
            try unsafe journal.appendWhereIdle(kind, feed: feed, ingestTime: time, payload: bytes) != nil
        }
    }
}
