internal import Databases
internal import Feeds
internal import Lake
internal import Objects
internal import Platform
internal import Synchronization

/// A lake in a bucket may be away at the start and at the end.
extension Pipeline {
    /// Opens the lake, again and again while its bucket does not answer.
    static func openStore(_ options: HotStore.Options, _ waits: () -> Bool) throws -> HotStore {
        try withLake(options.lake, waits) {
            try HotStore(options)
        } onFailure: {
            Log.warning("the lake cannot be opened; trying again, feeds start then", ["reason": "\($0)"])
        }
    }

    /// Makes the source of a feed, which may ask the tables where it was: again and again while their bucket does not answer.
    func makeSource(of component: ConfiguredComponent, _ waits: () -> Bool) throws -> any FeedSource {
        let feed = try FeedRegistry.make(component.options)
        return try Self.withLake(store.lake, waits) {
            try feed.makeSource(resuming: self)
        } onFailure: {
            Log.warning(
                "the lake does not tell a feed where it was; trying again, the feed starts then",
                ["feed": component.name, "reason": "\($0)"])
        }
    }

    private static func withLake<T>(
        _ lake: any LakePlace, _ waits: () -> Bool, _ body: () throws -> T, onFailure: (any Error) -> Void
    ) throws -> T {
        var pauseNs: Int64 = 500_000_000
        while true {
            let failure: any Error
            do { return try body() } catch { failure = error }
            guard lake.access != nil || isArchiveAway(failure), mayPass(failure), waits() else { throw failure }
            onFailure(failure)
            let watch = Stopwatch()
            while watch.elapsedNs < pauseNs, waits() { Pause.wait(ns: 20_000_000) }
            pauseNs = min(2 * pauseNs, 10_000_000_000)
        }
    }

    private static func isArchiveAway(_ failure: any Error) -> Bool {
        (failure as? DatabaseError).map(HotStore.isArchiveAway) ?? false
    }

    /// Whether a bucket may answer otherwise by itself.
    static func mayPass(_ failure: any Error) -> Bool {
        switch failure {
        case let error as LakeError: error.code == .io && error.cause.map(mayPass) ?? true
        case let error as ObjectError: error.kind == .unavailable
        // The database names the answer; keys that are refused stay so.
        case let error as DatabaseError:
            error.code == .io && !error.message.contains("HTTP 403") || HotStore.isArchiveAway(error)
        default: false
        }
    }

    /// How long an end waits for a bucket while nothing gets on, in seconds: what it does not get, the next start brings.
    private static let bucketSecondsMax = 10.0

    /// Waits for the last flush; for that to a bucket not without end, since it may keep a connection and answer nothing.
    func awaitFlush() {
        guard let thread = flushThread.withLock({ $0 }) else { return }
        var watch = Stopwatch()
        var seen: (Int64, Int64) = (-1, -1)
        while store.lake.access != nil, !flushLoop.hasEnded {
            let now = (engineLoop.offset, flushLoop.report.flushes)
            if now != seen { watch = Stopwatch() }
            seen = now
            guard watch.seconds < Self.bucketSecondsMax else {
                Log.error("the lake does not answer; the next start brings what it does not have")
                return flushLoop.abandon()
            }
            Pause.wait(ns: 5_000_000)
        }
        thread.join()
    }
}
