internal import Analytics
internal import Feeds
internal import Foundation
internal import Journaling
internal import Lake
internal import Platform
public import Serving
internal import Synchronization

/// The version of the program.
public let programVersion = "0.1.0"

extension Pipeline {
    /// Free space below which the pipeline is not ready, in bytes.
    static let diskFreeBytesMin: Int64 = 512 << 20
    /// Durable records that the engine may be behind and the pipeline still be ready.
    static let lagFramesMax: Int64 = 50_000
    /// Lag of the store, beyond three flush intervals, from which on the pipeline is not ready, in seconds.
    static let lagSecondsMax = 10.0

    /// What the pipeline says of itself now.
    public var status: Status {
        var status = Status()
        let engine = report.snapshot
        let now = Timestamp.now().nanoseconds
        status.pipeline = configuration.name
        status.version = programVersion
        status.startedNs = startedNs
        status.uptimeSeconds = Double(now - startedNs) / 1e9
        status.intervals = intervalNames
        status.indicators = configuration.indicators.map(\.name)
        status.feeds = feedStatuses.map { feed in
            var feed = feed
            feed.framesPerSecond = rates.framesPerSecond(feed.name)
            feed.eventsPerSecond = rates.eventsPerSecond(feed.name)
            return feed
        }
        status.journal = Self.journalStatus(journal)
        status.engine.offset = engine.offset
        status.engine.lagFrames = max(0, status.journal.durableOffset - engine.offset)
        status.engine.trades = Int64(engine.totals.trades)
        status.engine.quotes = Int64(engine.totals.quotes)
        status.engine.bars = Int64(engine.totals.bars)
        status.engine.duplicates = Int64(engine.totals.duplicates)
        status.engine.late = Int64(engine.totals.late)
        status.engine.gaps = engine.gaps
        status.engine.crossedQuotes = Int64(engine.totals.crossedQuotes)
        status.engine.deadLetters = engine.deadLetters
        status.sinks = sinkStatuses
        status.jobs = jobStatuses
        status.hotRows = store.hotRows
        status.visibleOffset = store.visibleOffset + 1
        status.diskFreeBytes = Self.diskFreeBytes(configuration.dataFolder)
        status.clients = stream.clientCount
        status.checks = checks(status, engine)
        return status
    }

    static func journalStatus(_ journal: Journal) -> Status.Journal {
        var status = Status.Journal()
        status.path = journal.path
        status.headOffset = journal.nextOffset
        status.durableOffset = journal.durableOffset
        status.oldestOffset = journal.oldestOffset
        status.segments = Int64(journal.segmentCount)
        status.bytes = journal.bytes
        status.fsyncP99Micros = journal.synchronizationNs(share: 0.99) / 1000
        return status
    }

    /// Feeds that were started, without their rates.
    var feedStatuses: [Status.Feed] {
        let engine = report.snapshot
        let known = feedNames.all
        return feeds.all.map { runner in
            var feed = Self.feedStatus(runner)
            for (number, name) in known where name == feed.name || name.hasPrefix(feed.name + "/") {
                guard let part = engine.feeds[number] else { continue }
                feed.events += part.events
                feed.watermarkNs = max(feed.watermarkNs, part.watermarkNs ?? .min)
            }
            return feed
        }
    }

    /// What a feed that was started says by itself.
    static func feedStatus(_ runner: FeedRunner) -> Status.Feed {
        let snapshot = runner.status.snapshot
        var feed = Status.Feed()
        feed.name = runner.status.name
        feed.state = snapshot.state.rawValue
        feed.detail = snapshot.detail.isEmpty ? nil : snapshot.detail
        feed.frames = snapshot.frames
        feed.bytes = snapshot.bytes
        feed.reconnects = snapshot.reconnects
        feed.lastFrameNs = snapshot.lastFrameNs == 0 ? .min : snapshot.lastFrameNs
        return feed
    }

    static func diskFreeBytes(_ folder: String) -> Int64 {
        let attributes = try? FileManager.default.attributesOfFileSystem(forPath: folder)
        return (attributes?[.systemFreeSize] as? NSNumber)?.int64Value ?? 0
    }

    /// What must hold for the pipeline to be ready; each says how it is.
    private func checks(_ status: Status, _ engine: EngineReport.Snapshot) -> [Status.Check] {
        var checks = [Self.journalCheck(journal, status.journal)]
        checks.append(
            Status.Check(
                name: "engine", isOK: engine.failure == nil && status.engine.lagFrames <= Self.lagFramesMax,
                detail: engine.failure ?? "\(status.engine.lagFrames) frames behind the journal"))
        for sink in status.sinks {
            let detail = sink.detail ?? String(format: "%.1f s since everything was stored", sink.lagSeconds)
            checks.append(Status.Check(name: "sink \(sink.name)", isOK: sink.state == "live", detail: detail))
        }
        for feed in status.feeds { checks.append(Self.feedCheck(feed)) }
        checks.append(Self.diskCheck(status.diskFreeBytes))
        return checks
    }

    static func journalCheck(_ journal: Journal, _ status: Status.Journal) -> Status.Check {
        if case .stalled(let reason) = journal.state {
            return Status.Check(name: "journal", isOK: false, detail: "cannot write: \(reason)")
        }
        let open = status.headOffset - status.durableOffset
        return Status.Check(name: "journal", isOK: true, detail: "\(open) records not durable yet")
    }

    static func feedCheck(_ feed: Status.Feed) -> Status.Check {
        let isOK = ["live", "replaying", "idle", "finished"].contains(feed.state)
        return Status.Check(name: "feed \(feed.name)", isOK: isOK, detail: feed.detail ?? feed.state)
    }

    static func diskCheck(_ freeBytes: Int64) -> Status.Check {
        Status.Check(
            name: "disk", isOK: freeBytes >= diskFreeBytesMin, detail: "\(freeBytes >> 20) MiB free")
    }

    func registerMetrics() {
        let gauges: [(String, String, @Sendable (Status) -> Int64)] = [
            ("tapedeck_journal_durable_offset", "Records that are durable.", { $0.journal.durableOffset }),
            (
                "tapedeck_engine_lag_frames", "Durable records that the engine has not processed.",
                { $0.engine.lagFrames }
            ),
            ("tapedeck_trades", "Trades stored.", { $0.engine.trades }),
            ("tapedeck_quotes", "Quotes stored.", { $0.engine.quotes }),
            ("tapedeck_bars", "Bars that became final.", { $0.engine.bars }),
            ("tapedeck_duplicates", "Events dropped as repeats.", { $0.engine.duplicates }),
            ("tapedeck_late", "Events behind the watermark.", { $0.engine.late }),
            ("tapedeck_gaps", "Open holes in the venues' trade numbers, older than ten seconds.", { $0.engine.gaps }),
            ("tapedeck_crossed_quotes", "Quotes with the bid above the ask.", { $0.engine.crossedQuotes }),
            ("tapedeck_dead_letters", "Frames and events that were rejected.", { $0.engine.deadLetters }),
            ("tapedeck_hot_rows", "Rows in hot tables.", { $0.hotRows }),
            ("tapedeck_lake_lag_frames", "Durable records that the lake does not have.", { $0.sinks[0].lagFrames }),
            ("tapedeck_disk_free_bytes", "Free space of the data folder.", { $0.diskFreeBytes }),
            ("tapedeck_stream_clients", "Clients of the live stream.", { Int64($0.clients) }),
            ("tapedeck_ready", "1 where every check of /readyz holds.", { $0.isReady ? 1 : 0 }),
        ]
        for (name, help, read) in gauges {
            metrics.gauge(name, help: help) { [weak self] in (self?.status).map { Double(read($0)) } }
        }
        metrics.gauge("tapedeck_process_memory_bytes", help: "Resident memory of the process.") {
            Double(Stopwatch.residentBytes())
        }
        metrics.gauge("tapedeck_process_cpu_seconds", help: "Processor time of the process since its start.") {
            Double(Stopwatch.processCPUNs()) / 1e9
        }
        let sinks: [(String, String, @Sendable (Status.Sink) -> Double)] = [
            ("tapedeck_sink_lag_frames", "Durable records that the sink does not have.", { Double($0.lagFrames) }),
            ("tapedeck_sink_lag_seconds", "Time since the sink had everything.", { $0.lagSeconds }),
            ("tapedeck_sink_rows", "Rows delivered since the start.", { Double($0.rows) }),
            ("tapedeck_sink_live", "1 where the sink works and keeps up.", { $0.state == "live" ? 1 : 0 }),
        ]
        for (name, help, read) in sinks {
            metrics.gauges(name, help: help, label: "sink") { [weak self] in
                (self?.sinkStatuses ?? []).map { ($0.name, read($0)) }
            }
        }
        let usages: [(String, String, @Sendable (Status.Usage) -> Double?)] = [
            ("tapedeck_sink_month_rows", "Rows delivered this month, by UTC.", { Double($0.rows) }),
            ("tapedeck_sink_month_requests", "Requests of this month.", { Double($0.requests) }),
            ("tapedeck_sink_month_bytes", "Bytes sent this month.", { Double($0.bytes) }),
            ("tapedeck_sink_month_cost_usd", "What this month cost so far, by the list of prices.", { $0.cost }),
            (
                "tapedeck_sink_month_predicted_cost_usd", "What this month will cost at the pace of the last 24 hours.",
                { $0.predictedCost }
            ),
            ("tapedeck_sink_budget_used", "Used part of the sink's budget; 1 is all.", { $0.used }),
        ]
        for (name, help, read) in usages {
            metrics.gauges(name, help: help, label: "sink") { [weak self] in
                (self?.sinkLoops ?? []).compactMap { sink in read(sink.budget.status()).map { (sink.name, $0) } }
            }
        }
        let jobs: [(String, String, @Sendable (Status.Job) -> Double?)] = [
            (
                "tapedeck_job_done_age_seconds", "Time since the job was done last.",
                { $0.doneNs == .min ? nil : Double(Timestamp.now().nanoseconds - $0.doneNs) / 1e9 }
            ),
            ("tapedeck_job_seconds", "What its last run took.", { $0.outcome == nil ? nil : $0.seconds }),
            (
                "tapedeck_job_failed", "1 where its last run failed.",
                { ["failed", "timed out"].contains($0.outcome) ? 1 : 0 }
            ),
        ]
        for (name, help, read) in jobs {
            metrics.gauges(name, help: help, label: "job") { [weak self] in
                (self?.jobStatuses ?? []).compactMap { job in read(job).map { (job.name, $0) } }
            }
        }
        let feeds: [(String, String, @Sendable (Status.Feed) -> Double?)] = [
            ("tapedeck_feed_frames", "Frames received.", { Double($0.frames) }),
            ("tapedeck_feed_bytes", "Bytes received.", { Double($0.bytes) }),
            ("tapedeck_feed_events", "Events decoded and stored.", { Double($0.events) }),
            ("tapedeck_feed_reconnects", "Connections made again.", { Double($0.reconnects) }),
            ("tapedeck_feed_live", "1 where the feed works.", { Self.feedCheck($0).isOK ? 1 : 0 }),
            (
                "tapedeck_feed_watermark_delay_seconds", "Time since the watermark.",
                { $0.watermarkNs == .min ? nil : Double(Timestamp.now().nanoseconds - $0.watermarkNs) / 1e9 }
            ),
        ]
        for (name, help, read) in feeds {
            metrics.gauges(name, help: help, label: "feed") { [weak self] in
                (self?.feedStatuses ?? []).compactMap { feed in read(feed).map { (feed.name, $0) } }
            }
        }
    }
}
