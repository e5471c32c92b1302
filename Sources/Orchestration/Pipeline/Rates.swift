internal import Platform
internal import Serving
internal import Synchronization

/// Frames and events per second of each feed, measured once a second.
final class Rates: Sendable {
    private struct State {
        var lastNs = Stopwatch.monotonicNs()
        var frames: [String: Int64] = [:]
        var events: [String: Int64] = [:]
        var framesPerSecond: [String: Double] = [:]
        var eventsPerSecond: [String: Double] = [:]
    }
    private let state = Mutex(State())

    func sample(_ pipeline: Pipeline) {
        let feeds = pipeline.feedStatuses
        state.withLock { state in
            let now = Stopwatch.monotonicNs()
            let seconds = Double(max(1, now - state.lastNs)) / 1e9
            state.lastNs = now
            for feed in feeds {
                let frames = feed.frames - (state.frames.updateValue(feed.frames, forKey: feed.name) ?? feed.frames)
                let events = feed.events - (state.events.updateValue(feed.events, forKey: feed.name) ?? feed.events)
                state.framesPerSecond[feed.name] = Double(frames) / seconds
                state.eventsPerSecond[feed.name] = Double(events) / seconds
            }
        }
    }

    func framesPerSecond(_ feed: String) -> Double { state.withLock { $0.framesPerSecond[feed] ?? 0 } }
    func eventsPerSecond(_ feed: String) -> Double { state.withLock { $0.eventsPerSecond[feed] ?? 0 } }
}
