internal import Analytics
internal import Delivery
internal import Journaling
internal import Lake
internal import Market
internal import Platform
internal import Serving

/// Sinks: the lake, and those beside it.
extension Pipeline {
    /// How long an end waits for targets, in seconds: what they do not get, the next start delivers.
    private static let sinkSecondsMax = 2.0

    /// - Parameters:
    ///   - first: the journal's first offset.
    ///   - end: where it ends, durable; nil for a journal that is not kept, which targets may be ahead of.
    static func sinkLoops(
        _ configuration: PipelineConfiguration, _ store: HotStore, from first: Offset, end: Offset?
    ) throws -> [SinkLoop] {
        try configuration.sinks.compactMap { sink in
            let meter = UsageMeter()
            return try Registry.target(sink, of: configuration, meter).map { target in
                try SinkLoop(
                    sink.name, target, DeliveryTables.named(sink.options.list("tables")), store,
                    everyNs: sink.options.durationNs("flush"), budget: BudgetGuard(sink, configuration, meter),
                    from: first,
                    notBeyond: end.map { try OpeningEnd($0, folder: configuration.dataFolder, sink: sink.name) })
            }
        }
    }

    /// Waits until the sinks beside the lake have everything that can be seen now; not for those that fail.
    ///
    /// - Parameter goesOn: told how many journal records are delivered, and of how many; false ends the waiting.
    /// - Returns: false where something is left for the next start.
    public func deliver(_ goesOn: (_ done: Int64, _ total: Int64) -> Bool) -> Bool {
        let total = store.visibleOffset + 1
        func isWaitedFor(_ sink: SinkLoop) -> Bool {
            !sink.hasDelivered(upTo: total - 1) && sink.report.failure == nil && sink.report.held == nil
        }
        for sink in sinkLoops where isWaitedFor(sink) { sink.hurry() }
        while sinkLoops.contains(where: isWaitedFor) {
            let done = sinkLoops.filter(isWaitedFor).map { $0.report.offset ?? 0 }.min() ?? total
            guard goesOn(min(done, total), total) else { break }
            Pause.wait(ns: 5_000_000)
        }
        let behind = sinkLoops.filter { !$0.hasDelivered(upTo: total - 1) }
        for sink in behind {
            Log.warning(
                "the sink does not have everything; the next start goes on",
                ["sink": sink.name, "reason": sink.report.failure ?? sink.report.held ?? "it was not waited for"])
        }
        return behind.isEmpty
    }

    /// Lets sinks deliver what the lake has, and leaves behind those that hang.
    func stopSinks() {
        for sink in sinkLoops { sink.close() }
        let watch = Stopwatch()
        while !sinkLoops.allSatisfy(\.hasEnded), watch.seconds < Self.sinkSecondsMax { Pause.wait(ns: 5_000_000) }
    }

    /// What the lake and the sinks beside it say of themselves.
    var sinkStatuses: [Status.Sink] {
        let now = Timestamp.now().nanoseconds
        let durable = journal.durableOffset
        return [lakeStatus(now: now, durable: durable)]
            + sinkLoops.map { Self.status($0, now: now, durable: durable) }
    }

    private static func status(_ sink: SinkLoop, now: Int64, durable: Int64) -> Status.Sink {
        let report = sink.report
        var status = Status.Sink()
        status.name = sink.name
        status.offset = report.offset ?? 0
        status.lagFrames = max(0, durable - status.offset)
        status.lagSeconds = report.behindSinceNs.map { Double(now - $0) / 1e9 } ?? 0
        status.lastFlushNs = report.lastNs
        status.lastFlushSeconds = report.lastSeconds
        status.rows = report.rows
        let isLagging = status.lagSeconds > lagSecondsMax
        let problem = report.failure ?? report.held
        status.state =
            report.isRefused ? "failed" : problem != nil ? "degraded" : isLagging ? "lagging" : "live"
        let usage = sink.budget.status(now)
        status.usage = usage
        status.detail = problem ?? (report.rejected > 0 ? "\(report.rejected) rows were rejected" : usage.warning)
        return status
    }

    private func lakeStatus(now: Int64, durable: Int64) -> Status.Sink {
        let report = flushLoop.report
        var status = Status.Sink()
        status.name = "lake"
        status.offset = report.flushedOffset
        status.lagFrames = max(0, durable - report.flushedOffset)
        status.lagSeconds = report.behindSinceNs.map { Double(now - $0) / 1e9 } ?? 0
        status.lastFlushNs = report.lastFlushNs
        status.lastFlushSeconds = report.lastFlushSeconds
        status.rows = report.rows
        status.files = report.files
        status.bytes = report.bytes
        let isLagging = status.lagSeconds > 3 * Double(configuration.policy.flushNs) / 1e9 + Self.lagSecondsMax
        status.state = report.failure != nil ? "degraded" : isLagging ? "lagging" : "live"
        status.detail = report.failure
        return status
    }
}
