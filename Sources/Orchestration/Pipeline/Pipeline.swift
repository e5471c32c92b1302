internal import Analytics
public import Feeds
internal import Foundation
internal import Journaling
internal import Lake
internal import Market
internal import Networking
public import Platform
internal import Serving
internal import Synchronization

/// A pipeline from feeds to lake and browser, with all its threads.
///
/// - Threading: one owner opens, starts and stops it; `status` and `summary` from any thread.
public final class Pipeline: Sendable {
    public let configuration: PipelineConfiguration
    public let metrics = Metrics()
    let journal: Journal
    let store: HotStore
    let feedNames = FeedNames()
    let board = MarketBoard()
    let report: EngineReport
    /// What the engine had done when the pipeline was opened.
    let opening: EngineReport.Snapshot
    let stream = LiveStream()
    let startedNs = Timestamp.now().nanoseconds
    let engineLoop: EngineLoop
    let flushLoop: FlushLoop
    let sinkLoops: [SinkLoop]
    /// Nil until jobs are started.
    let jobs = Mutex<JobScheduler?>(nil)
    /// Nil where the program's own metrics and messages are not kept.
    let diagnostics: DiagnosticsRecorder?
    private let keepsDiagnostics = Atomic(false)
    let feeds: FeedRunners
    let rates = Rates()
    private let threads = Mutex<[NamedThread]>([])
    let flushThread = Mutex<NamedThread?>(nil)
    private let server = Mutex<MarketServer?>(nil)
    private let isStopping = Atomic(false)

    /// Opens journal, lake and the engine's last state; starts nothing.
    ///
    /// - Parameter waits: asked while the lake's bucket does not answer; false gives up.
    /// - Throws: what is wrong, in words for the user: another instance running, a damaged journal, a lake of another
    ///   journal, no disk space.
    public convenience init(
        _ configuration: PipelineConfiguration, waits: @escaping () -> Bool = { false }
    ) throws {
        try self.init(configuration, part: nil, waits: waits)
    }

    /// - Parameter part: the partition that the pipeline works on; nil for one that has all there is.
    init(
        _ configuration: PipelineConfiguration, part: PipelinePart?, waits: () -> Bool = { false }
    ) throws {
        self.configuration = configuration
        try FileManager.default.createDirectory(
            atPath: configuration.dataFolder, withIntermediateDirectories: true)
        journal = try Journal(
            path: configuration.journal.path, options: Self.journalOptions(configuration, part), metrics: metrics)
        feeds = FeedRunners(
            journal, names: feedNames, calendars: configuration.calendars, configuration.feeds)
        // What is said from here on may be worth keeping.
        diagnostics = configuration.diagnostics.map { [journal, feedNames, metrics] settings in
            DiagnosticsRecorder(
                settings, pipeline: configuration.name, journal: journal, feedNames: feedNames, metrics: metrics)
        }
        do {
            let recovery = journal.recovery
            if recovery.tornBytes > 0 {
                Log.warning(
                    "the journal's torn end was cut; what was acknowledged is whole",
                    ["bytes": recovery.tornBytes, "kept_in": recovery.tornFile ?? ""])
            }
            if part == nil {
                try PipelineName.claim(
                    configuration.name, of: configuration.dataFolder, isUnused: journal.durableOffset == 0)
            }
            store = try Self.openStore(try Self.storeOptions(configuration, part), waits)
            feedNames.load(from: journal)
            let stage = try EngineStage(
                try configuration.engine(), share: part?.share, board: board, feedNames: feedNames,
                makeDecoder: FeedRegistry.makeDecoder)
            let checkpoints: any Checkpoints
            if let part {
                checkpoints = part.checkpoints
                try part.resume(stage)
            } else {
                let folder = try CheckpointStore(folder: configuration.dataFolder + "/checkpoints")
                try Self.resume(stage, folder, journal, store)
                checkpoints = folder
            }
            let report = EngineReport()
            report.update(stage)
            opening = report.snapshot
            self.report = report
            let publisher = LivePublisher(stream, stage.engine.configuration)
            flushLoop = FlushLoop(
                store, checkpoints: checkpoints, journal: journal, metrics: metrics, from: stage.offset)
            sinkLoops = try Self.sinkLoops(
                configuration, store, from: part?.share.firstOffset ?? 0,
                end: part == nil ? journal.durableOffset : nil)
            engineLoop = try EngineLoop(
                stage, journal: journal, store: store, flusher: flushLoop, policy: configuration.policy,
                publisher: publisher, report: report, metrics: metrics)
        } catch {
            journal.close()
            throw error
        }
        registerMetrics()
    }

    static func journalOptions(
        _ configuration: PipelineConfiguration, _ part: PipelinePart? = nil
    ) -> Journal.Options {
        var options = Journal.Options()
        options.syncIntervalNs = configuration.journal.fsyncNs
        options.segmentBytes = configuration.journal.segmentBytes
        options.retainNs = configuration.journal.retainNs
        options.retainBytes = configuration.journal.retainBytes
        part?.adapt(&options)
        return options
    }

    private static func storeOptions(
        _ configuration: PipelineConfiguration, _ part: PipelinePart?
    ) throws -> HotStore.Options {
        // One core stays with the engine: database threads that wait for each other spin, and would take it.
        let threads = max(1, ProcessInfo.processInfo.activeProcessorCount - 1)
        let lake = try part?.lake ?? configuration.lakePlace(scratch: configuration.dataFolder + "/lake-drafts")
        let isHere = lake.access == nil
        var options = HotStore.Options(
            lake: lake, scratch: isHere ? "\(lake.url)/.tapedeck" : configuration.dataFolder + "/lake-scratch",
            pipeline: configuration.name, threads: threads)
        options.archive = try configuration.archivePlace()
        part?.adapt(&options, scratch: configuration.dataFolder)
        return options
    }

    /// Takes the engine to where it was, or to the start of the journal.
    static func resume(
        _ stage: EngineStage, _ checkpoints: CheckpointStore, _ journal: Journal, _ store: HotStore
    ) throws {
        let committed = Tables.all.map { store.committedOffset($0.name) }.max() ?? -1
        guard committed < journal.durableOffset else {
            throw PipelineError(
                "the lake holds journal offsets up to \(committed), but the journal in \(journal.path) ends before "
                    + "\(journal.durableOffset): it is not the journal that filled this lake. Restore it, or use "
                    + "another data folder")
        }
        if let checkpoint = try checkpoints.newest(notBeyond: journal.durableOffset),
            checkpoint.offset >= journal.oldestOffset
        {
            do {
                if try stage.restore(checkpoint.state) { return }
                Log.warning("bars, indicators or lateness changed: the engine reads the journal again from its start")
            } catch {
                Log.warning("the checkpoint cannot be used: the engine reads the journal again", ["reason": "\(error)"])
            }
        }
        stage.start(at: journal.oldestOffset)
        if journal.oldestOffset > 0 {
            Log.warning(
                "the start of the journal is gone: open bars, indicators and seen trade ids begin anew",
                ["oldest_offset": journal.oldestOffset])
        }
    }

    /// Starts engine and flushes.
    public func start() {
        let engine = NamedThread("engine") { [engineLoop] in engineLoop.run() }
        let flush = NamedThread("flush") { [flushLoop] in flushLoop.run() }
        let health = NamedThread("health") { [self] in watch() }
        threads.withLock { $0 = [engine, health] }
        flushThread.withLock { $0 = flush }
        // They are not waited for without end, and so stand apart.
        for sink in sinkLoops { _ = NamedThread("sink \(sink.name)") { sink.run() } }
    }

    /// Starts the jobs, for as long as the pipeline runs.
    public func startJobs() {
        guard !configuration.jobs.isEmpty else { return }
        let scheduler = Self.jobs(configuration, store)
        jobs.withLock { $0 = scheduler }
        // It is not waited for without end, and so stands apart.
        _ = NamedThread("jobs") { scheduler.run() }
    }

    /// Starts to keep the program's metrics and messages, where the configuration wants it: for pipelines that run live.
    public func startDiagnostics() { keepsDiagnostics.store(true, ordering: .releasing) }

    static func serverOptions(_ configuration: PipelineConfiguration) -> HTTPServer.Options {
        var options = HTTPServer.Options()
        options.host = configuration.serve.listen.host
        options.port = Int(configuration.serve.listen.port)
        options.queueMessages = configuration.serve.clientQueue
        options.hostNames = configuration.serve.hostNames
        options.maxBodyBytesBelow = [MarketServer.ingestPath: PushReceivers.maxBodyBytes]
        return options
    }

    /// Opens the interface and the dashboard.
    ///
    /// - Returns: the address for people.
    public func serve() throws -> String {
        let options = Self.serverOptions(configuration)
        var limits = MarketServer.Limits()
        limits.queryTimeoutNs = configuration.serve.queryTimeoutNs
        limits.queryRows = configuration.serve.queryRows
        let sources = MarketServer.Sources(
            database: store.database, board: board, instruments: { [report] in report.snapshot.instruments },
            feedName: { [feedNames] in feedNames.name($0) }, status: { [weak self] in self?.status ?? Status() },
            metrics: metrics, calendars: configuration.calendars,
            past: LakeReader.past(store.lake, archive: store.archive),
            ingest: { [receivers = feeds.receivers] request, responder in
                receivers.handle(request, below: MarketServer.ingestPath, responder)
            })
        let opened = try MarketServer(sources, options: options, limits: limits, stream: stream)
        server.withLock { $0 = opened }
        try ServerAddress.save(opened.url, in: configuration.dataFolder)
        return opened.url
    }

    /// Starts the feeds of the configuration.
    ///
    /// - Parameter waits: asked while the lake's bucket does not tell a feed where it was; false gives up.
    public func startFeeds(waits: () -> Bool = { false }) throws {
        // Those that have to wait do not keep the others from starting.
        var waiting: [ConfiguredComponent] = []
        for component in configuration.feeds {
            do {
                run(try makeSource(of: component) { false }, name: component.name)
            } catch  where Self.mayPass(error) {
                waiting.append(component)
            }
        }
        for component in waiting { run(try makeSource(of: component, waits), name: component.name) }
    }

    /// Starts one source under a name.
    public func run(_ source: any FeedSource, name: String) {
        feeds.run(source, name: name) { [engineLoop] in engineLoop.offset }
    }

    /// True once every source has ended.
    public var areFeedsFinished: Bool { feeds.areFinished }

    /// Why sources ended, where that was an error.
    public var feedErrors: [String] { feeds.errors }

    /// How far the sources are in their input, in bytes; the total is 0 where it is not known.
    public var progress: (read: Int64, total: Int64) {
        feeds.all.reduce((0, 0)) { sum, runner in
            let snapshot = runner.status.snapshot
            return (sum.0 + snapshot.done, sum.1 + snapshot.total)
        }
    }

    /// First journal offset that is not in the lake.
    public var flushedOffset: Int64 { flushLoop.report.flushedOffset }

    /// Asks sources to end, and waits for them. Where they wait for a journal that cannot write, it is closed: what it had
    /// not acknowledged is lost.
    public func stopFeeds() { feeds.stop() }

    /// Ends everything in order: feeds, journal, engine, store, server. What is durable is delivered, unless the store
    /// fails: then it stays in the journal for the next start.
    public func stop() {
        guard !isStopping.exchange(true, ordering: .acquiringAndReleasing) else { return }
        jobs.withLock { $0 }?.end()
        stopFeeds()
        diagnostics?.end()
        let target = journal.nextOffset
        let watch = Stopwatch()
        while journal.durableOffset < target, watch.seconds < FeedRunners.stalledSecondsMax, journal.state != .closed {
            Pause.wait(ns: 1_000_000)
        }
        engineLoop.drain()
        flushLoop.end()
        awaitFlush()
        for thread in threads.withLock({ $0 }) { thread.join() }
        stopSinks()
        awaitJobs()
        server.withLock { $0 }?.stop()
        ServerAddress.remove(from: configuration.dataFolder)
        store.close()
        let lost = journal.close()
        if lost > 0 { Log.error("records that were never acknowledged could not be written", ["records": lost]) }
    }

    /// True once `stop` was called.
    var isOver: Bool { isStopping.load(ordering: .acquiring) }

    /// Once a second: rates, the health channel, and what the program says of itself.
    private func watch() {
        while !isStopping.load(ordering: .acquiring) {
            for _ in 0..<20 where !isStopping.load(ordering: .acquiring) { Pause.wait(ns: 50_000_000) }
            rates.sample(self)
            stream.publish(status)
            if keepsDiagnostics.load(ordering: .acquiring) { diagnostics?.tick() }
        }
    }
}

/// The pipeline cannot do what was asked; the text says why and what to do.
public struct PipelineError: Error, Sendable, CustomStringConvertible {
    public let description: String
    init(_ description: String) { self.description = description }
}
