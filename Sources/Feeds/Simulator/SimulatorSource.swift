internal import Platform

/// Delivers the frames of the simulated market: those of the past as fast as they are taken, then in real time.
struct SimulatorSource: FeedSource {
    let feed: SimulatorFeed
    let resume: SimulatorState?
    let clock: SimulatorClock

    /// A receiver hears something at least this often.
    private static let heartbeatNs: Int64 = 1_000_000_000
    /// Longest wait without looking whether to stop.
    private static let longestWaitNs: Int64 = 20_000_000
    private static let shortestWaitNs: Int64 = 500_000
    /// The past is filled once the market is this close to now.
    private static let liveNs: Int64 = 100_000_000

    func run(into output: any FeedOutput, status: FeedStatus) throws {
        let nowNs = clock.nowNs()
        let startNs = max(nowNs - feed.historyNs, resume?.lastEventTimeNs ?? 0)
        // The last event lies ahead where the clock was set back.
        let beginNs = min(startNs, nowNs)
        let model = MarketModel(
            seed: feed.seed, rate: feed.rate, burstIntervalNs: feed.burstIntervalNs, startNs: startNs, resume: resume)
        let frames = SimulatorFrames(model, seed: feed.seed)
        let sink = try output.sink(feed: status.name)
        try sink.begin(settings: feed.settings, ingestTime: Timestamp(nanoseconds: beginNs))
        var lastNs = try fill(from: beginNs, frames, sink, output, status)
        let wasLive = !output.isCancelled
        try play(frames, sink, output, status, &lastNs)
        // What happened is delivered, so that no trade id is missing; the session is not over, it goes on next time.
        while let frame = frames.drain() {
            lastNs = max(wasLive ? clock.nowNs() : frame.ingestTimeNs, lastNs)
            try deliver(frame, atNs: lastNs, sink)
        }
        status.set(.stopped)
    }

    /// Delivers the past with the times at which it would have arrived.
    ///
    /// - Returns: the last of them.
    private func fill(
        from startNs: Int64, _ frames: SimulatorFrames, _ sink: any FrameSink, _ output: any FeedOutput,
        _ status: FeedStatus
    ) throws -> Int64 {
        var lastNs = startNs
        var nowNs = clock.nowNs()
        guard nowNs - startNs > Self.liveNs else { return lastNs }
        status.set(.replaying, "filling the past")
        let progress = { reachedNs in
            status.setProgress((reachedNs - startNs) / 1_000_000, of: (nowNs - startNs) / 1_000_000)
        }
        var count = 0
        while !output.isCancelled {
            // A frame of the past has arrived by now, its way included.
            guard let frame = frames.next(sentBy: nowNs - Self.liveNs) else {
                let newNs = clock.nowNs()
                guard newNs - nowNs > Self.liveNs else { break }
                nowNs = newNs
                continue
            }
            try deliver(frame, atNs: frame.ingestTimeNs, sink)
            lastNs = frame.ingestTimeNs
            count += 1
            if count & 255 == 0 { progress(lastNs) }
        }
        if !output.isCancelled { progress(nowNs) }
        return lastNs
    }

    /// Delivers frames when they arrive, until cancelled.
    private func play(
        _ frames: SimulatorFrames, _ sink: any FrameSink, _ output: any FeedOutput, _ status: FeedStatus,
        _ lastNs: inout Int64
    ) throws {
        while !output.isCancelled {
            let nowNs = clock.nowNs()
            guard let frame = frames.next(sentBy: nowNs) else {
                if frames.nextNs - nowNs > Self.heartbeatNs {
                    status.set(.idle, "the next event is due at \(Timestamp(nanoseconds: frames.nextNs))")
                }
                if nowNs - lastNs >= Self.heartbeatNs {
                    try sink.heartbeat(ingestTime: Timestamp(nanoseconds: nowNs))
                    lastNs = nowNs
                }
                wait(untilNs: frames.nextNs)
                continue
            }
            while clock.nowNs() < frame.ingestTimeNs, !output.isCancelled { wait(untilNs: frame.ingestTimeNs) }
            if status.snapshot.state != .live { status.set(.live) }
            lastNs = max(clock.nowNs(), lastNs)
            try deliver(frame, atNs: lastNs, sink)
        }
    }

    private func deliver(_ frame: SimulatorFrames.Frame, atNs timeNs: Int64, _ sink: any FrameSink) throws {
        unsafe try sink.frame(frame.payload, ingestTime: Timestamp(nanoseconds: timeNs))
    }

    private func wait(untilNs targetNs: Int64) {
        clock.sleep(min(max(targetNs - clock.nowNs(), Self.shortestWaitNs), Self.longestWaitNs))
    }
}
