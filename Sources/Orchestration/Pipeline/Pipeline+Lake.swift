internal import Lake
internal import Objects
internal import Platform
internal import Synchronization

/// A lake in a bucket may be away at the start and at the end.
extension Pipeline {
    /// Opens the lake, again and again while its bucket does not answer.
    static func openStore(_ options: HotStore.Options, _ waits: () -> Bool) throws -> HotStore {
        var pauseNs: Int64 = 500_000_000
        while true {
            let failure: LakeError
            do throws(LakeError) { return try HotStore(options) } catch { failure = error }
            guard options.lake.access != nil, mayPass(failure), waits() else { throw failure }
            Log.warning("the lake cannot be opened; trying again, feeds start then", ["reason": "\(failure)"])
            let watch = Stopwatch()
            while watch.elapsedNs < pauseNs, waits() { Pause.wait(ns: 20_000_000) }
            pauseNs = min(2 * pauseNs, 10_000_000_000)
        }
    }

    /// Whether a bucket may answer otherwise by itself.
    private static func mayPass(_ error: LakeError) -> Bool {
        error.code == .io && (error.cause as? ObjectError).map { $0.kind == .unavailable } ?? true
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
