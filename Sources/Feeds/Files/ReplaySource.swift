internal import Platform

/// Plays files: every file as frames of its feed, all feeds interleaved by time.
///
/// Recorded frames are ordered by their receive time; lines with columns are put together into frames of one slice of
/// event time, so that no feed runs ahead of another by more than a slice. A feed begins a session for each of its
/// files and ends once, when it has no more.
public struct ReplaySource: FeedSource {
    private let plan: ReplayPlan
    private let options: ReplayOptions
    private let clock: Pacer.Clock

    public var canWait: Bool { true }

    public init(_ plan: ReplayPlan, _ options: ReplayOptions) { self.init(plan, options, clock: .system) }

    init(_ plan: ReplayPlan, _ options: ReplayOptions, clock: Pacer.Clock) {
        self.plan = plan
        self.options = options
        self.clock = clock
    }

    /// Length of the slices: a second, at most half of the lateness; when it is played slowly, what passes in 50 ms.
    var sliceNs: Int64 {
        let most = min(1_000_000_000, options.latenessNs / 2)
        guard let speed = options.speed else { return max(1_000_000, most) }
        return max(1_000_000, min(most, Int64(min(50_000_000 * speed, 1e9))))
    }

    public func run(into output: any FeedOutput, status: FeedStatus) throws {
        status.set(.replaying)
        var series: [SeriesReader] = []
        for feed in plan.feeds {
            let files = plan.files.filter { $0.feed == feed }
            series.append(SeriesReader(feed: feed, files: files, options: options, sliceNs: sliceNs))
        }
        for reader in series { try reader.advance() }
        try play(series, output, status)
        if output.isCancelled {
            status.set(.stopped)
        } else {
            status.setProgress(plan.bytes, of: plan.bytes)
            status.set(.finished)
        }
    }

    private func play(_ series: [SeriesReader], _ output: any FeedOutput, _ status: FeedStatus) throws {
        var pacer = Pacer(speed: options.speed, clock: clock)
        var waiting = series.filter { $0.frame != nil }
        var sinks: [String: any FrameSink] = [:]
        var lastProgressNs: Int64 = 0
        while let next = waiting.indices.min(by: { Self.isDue(waiting[$0], before: waiting[$1]) }) {
            let reader = waiting[next]
            guard let frame = reader.frame else { preconditionFailure("a series without a frame is not waiting") }
            pacer.wait(until: frame.keyNs) { output.isCancelled }
            if output.isCancelled { return }
            let now = Timestamp.now()
            let received = frame.recordedNs.map(Timestamp.init(nanoseconds:)) ?? now
            let sink = try sinks[reader.feed] ?? output.sink(feed: reader.feed)
            sinks[reader.feed] = sink
            if let settings = reader.settingsBeforeFrame { try sink.begin(settings: settings, ingestTime: received) }
            unsafe try sink.frame(frame.payload, ingestTime: received)
            try reader.advance()
            if reader.frame == nil {
                try sink.end(ingestTime: received)
                waiting.remove(at: next)
            }
            if now.nanoseconds - lastProgressNs > 50_000_000 || reader.frame == nil {
                lastProgressNs = now.nanoseconds
                status.setProgress(series.reduce(0) { $0 + $1.bytesRead }, of: plan.bytes)
            }
        }
    }

    /// By time; feeds in the order of the plan where it is the same.
    private static func isDue(_ left: SeriesReader, before right: SeriesReader) -> Bool {
        (left.frame?.keyNs ?? .max) < (right.frame?.keyNs ?? .max)
    }
}
