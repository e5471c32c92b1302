internal import Analytics
internal import Delivery
internal import Lake
internal import Market
internal import Platform
internal import Serving

/// Sinks beside the lake.
extension Pipeline {
    /// How long an end waits for targets, in seconds: what they do not get, the next start delivers.
    private static let sinkSecondsMax = 2.0

    static func sinkLoops(_ configuration: PipelineConfiguration, _ store: HotStore) -> [SinkLoop] {
        configuration.sinks.compactMap { sink in
            Registry.target(sink, pipeline: configuration.name).map { target in
                SinkLoop(
                    sink.name, target, DeliveryTables.named(sink.options.list("tables")), store,
                    everyNs: sink.options.durationNs("flush"))
            }
        }
    }

    /// Waits until targets have everything up to an offset; not for those that fail.
    ///
    /// - Returns: false where `isCancelled` became true first.
    func deliver(upTo offset: Int64, unless isCancelled: () -> Bool) -> Bool {
        while !sinkLoops.allSatisfy({ $0.hasDelivered(upTo: offset) || $0.report.failure != nil }) {
            if isCancelled() { return false }
            Pause.wait(ns: 5_000_000)
        }
        for sink in sinkLoops where !sink.hasDelivered(upTo: offset) {
            Log.warning(
                "the sink does not have everything; the next start goes on",
                ["sink": sink.name, "reason": sink.report.failure ?? ""])
        }
        return true
    }

    /// Lets sinks deliver what the lake has, and leaves behind those that hang.
    func stopSinks() {
        for sink in sinkLoops { sink.close() }
        let watch = Stopwatch()
        while !sinkLoops.allSatisfy(\.hasEnded), watch.seconds < Self.sinkSecondsMax { Pause.wait(ns: 5_000_000) }
    }

    /// What sinks beside the lake say of themselves.
    func sinkStatuses(now: Int64, durable: Int64) -> [Status.Sink] {
        sinkLoops.map { sink in
            let report = sink.report
            var status = Status.Sink()
            status.name = sink.name
            status.offset = report.offset ?? 0
            status.lagFrames = max(0, durable - status.offset)
            status.lagSeconds = report.behindSinceNs.map { Double(now - $0) / 1e9 } ?? 0
            status.lastFlushNs = report.lastNs
            status.lastFlushSeconds = report.lastSeconds
            status.rows = report.rows
            let isLagging = status.lagSeconds > Self.lagSecondsMax
            status.state = report.failure != nil ? "degraded" : isLagging ? "lagging" : "live"
            status.detail = report.failure ?? (report.rejected > 0 ? "\(report.rejected) rows were rejected" : nil)
            return status
        }
    }
}
