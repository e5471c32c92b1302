internal import Foundation
internal import Journaling
internal import Platform
public import Serving
internal import Synchronization

extension FeedProcess {
    /// Time for which the brokers may lack something, and the process still be ready, in seconds.
    private static let lagSecondsMax = 15.0

    /// What the process says of itself now.
    public var status: Status {
        var status = Status()
        let now = Timestamp.now().nanoseconds
        status.pipeline = configuration.name
        status.version = programVersion
        status.startedNs = startedNs
        status.uptimeSeconds = Double(now - startedNs) / 1e9
        status.feeds = feeds.all.map { Pipeline.feedStatus($0) }
        status.journal = Pipeline.journalStatus(journal)
        status.diskFreeBytes = Pipeline.diskFreeBytes(configuration.dataFolder)
        let forwarder = forwarderStatus(status.journal.durableOffset)
        status.forwarder = forwarder
        status.checks = [
            Pipeline.journalCheck(journal, status.journal),
            Status.Check(
                name: "topic \(forwarder.topic)", isOK: forwarder.state == "live",
                detail: forwarder.detail ?? "\(forwarder.lagFrames) records that the brokers may not have"),
        ]
        status.checks += status.feeds.map { Pipeline.feedCheck($0) }
        status.checks.append(Pipeline.diskCheck(status.diskFreeBytes))
        return status
    }

    private func forwarderStatus(_ durable: Offset) -> Status.Forwarder {
        let report = forwarder.report
        var status = Status.Forwarder()
        status.topic = topic.name
        status.offset = report.offset
        status.lagFrames = max(0, durable - report.offset)
        status.lagSeconds =
            status.lagFrames == 0 ? 0 : Double(Stopwatch.monotonicNs() - report.completeNs) / 1e9
        status.detail = report.problem
        status.state =
            report.problem != nil ? "degraded" : status.lagSeconds > Self.lagSecondsMax ? "lagging" : "live"
        status.frames = report.frames
        status.copies = report.copies
        status.messages = report.messages
        status.bytes = report.bytes
        return status
    }

    func registerMetrics() {
        let gauges: [(String, String, @Sendable (Status) -> Double?)] = [
            ("tapedeck_journal_durable_offset", "Records that are durable.", { Double($0.journal.durableOffset) }),
            (
                "tapedeck_forward_lag_frames", "Durable records that the brokers may not have.",
                { ($0.forwarder?.lagFrames).map(Double.init) }
            ),
            ("tapedeck_forward_lag_seconds", "Time since the brokers had everything.", { $0.forwarder?.lagSeconds }),
            (
                "tapedeck_forward_frames", "Frames given to the brokers since the start.",
                { ($0.forwarder?.frames).map(Double.init) }
            ),
            (
                "tapedeck_forward_copies", "Copies of frames, for other partitions, since the start.",
                { ($0.forwarder?.copies).map(Double.init) }
            ),
            (
                "tapedeck_forward_messages", "Messages given to the brokers since the start.",
                { ($0.forwarder?.messages).map(Double.init) }
            ),
            (
                "tapedeck_forward_bytes", "Bytes of these messages.", { ($0.forwarder?.bytes).map(Double.init) }
            ),
            ("tapedeck_disk_free_bytes", "Free space of the data folder.", { Double($0.diskFreeBytes) }),
            ("tapedeck_ready", "1 where every check of /readyz holds.", { $0.isReady ? 1 : 0 }),
        ]
        for (name, help, read) in gauges {
            metrics.gauge(name, help: help) { [weak self] in (self?.status).flatMap(read) }
        }
        let feeds: [(String, String, @Sendable (Status.Feed) -> Double)] = [
            ("tapedeck_feed_frames", "Frames received.", { Double($0.frames) }),
            ("tapedeck_feed_bytes", "Bytes received.", { Double($0.bytes) }),
            ("tapedeck_feed_reconnects", "Connections made again.", { Double($0.reconnects) }),
        ]
        for (name, help, read) in feeds {
            metrics.gauges(name, help: help, label: "feed") { [weak self] in
                (self?.status.feeds ?? []).map { ($0.name, read($0)) }
            }
        }
    }
}
