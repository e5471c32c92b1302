public import Feeds
internal import Foundation
internal import Journaling
internal import Networking
public import Platform
internal import Serving
internal import Synchronization

/// The feeds of a pipeline whose journal is in Kafka: what they bring goes to a journal of this process first, and from
/// there to the topic.
///
/// - Threading: one owner opens, starts and stops it; `status` from any thread.
public final class FeedProcess: Sendable {
    public let configuration: PipelineConfiguration
    public let metrics = Metrics()
    let journal: Journal
    let feedNames = FeedNames()
    let forwarder: Forwarder
    let topic: JournalTopic
    let feeds: FeedRunners
    let startedNs = Timestamp.now().nanoseconds
    private let components: [ConfiguredComponent]
    private let thread = Mutex<NamedThread?>(nil)
    private let server = Mutex<ProcessServer?>(nil)
    private let isStopping = Atomic(false)

    /// Bytes of what the brokers have that stay in the journal unless the configuration says otherwise.
    private static let retainBytes: Int64 = 1 << 30

    /// Opens the journal; starts nothing.
    ///
    /// - Parameter names: of the feeds to run; nil runs all that the configuration has.
    /// - Throws: what is wrong, in words for the user; `ConfigError` where there is no such feed, or the journal is not in
    ///   Kafka.
    public init(_ configuration: PipelineConfiguration, feeds names: [String]? = nil) throws {
        guard let topic = configuration.journal.topic else {
            throw ConfigError(
                file: configuration.file, "feeds run by themselves only where the journal is in Kafka",
                suggestion: "add `journal: { kafka: { brokers: [HOST:9092] } }`")
        }
        self.configuration = configuration
        self.topic = topic
        components = try Self.components(configuration, names)
        try FileManager.default.createDirectory(
            atPath: configuration.dataFolder, withIntermediateDirectories: true)
        var options = Pipeline.journalOptions(configuration)
        if options.retainNs == nil, options.retainBytes == nil { options.retainBytes = Self.retainBytes }
        journal = try Journal(path: configuration.journal.path, options: options, metrics: metrics)
        feeds = FeedRunners(journal, names: feedNames, calendars: configuration.calendars, components)
        do {
            feedNames.load(from: journal)
            forwarder = try Forwarder(
                journal, to: topic, try configuration.engine(), feedNames: feedNames,
                checkpoints: try CheckpointStore(folder: configuration.dataFolder + "/forwarded"))
        } catch {
            journal.close()
            throw error
        }
        registerMetrics()
    }

    private static func components(
        _ configuration: PipelineConfiguration, _ names: [String]?
    ) throws(ConfigError) -> [ConfiguredComponent] {
        let all = configuration.feeds
        guard let names else { return all }
        for name in names where !all.contains(where: { $0.name == name }) {
            throw ConfigError(
                file: configuration.file, "there is no feed `\(name)`",
                suggestion: Suggestion.sentence(for: name, among: all.map(\.name)))
        }
        return all.filter { names.contains($0.name) }
    }

    /// Opens the interface.
    ///
    /// - Returns: the address for people.
    public func serve() throws -> String {
        let opened = try ProcessServer(
            options: Pipeline.serverOptions(configuration), metrics: metrics,
            status: { [weak self] in self?.status ?? Status() },
            ingest: { [receivers = feeds.receivers] request, responder in
                receivers.handle(request, below: MarketServer.ingestPath, responder)
            })
        server.withLock { $0 = opened }
        try ServerAddress.save(opened.url, in: configuration.dataFolder)
        return opened.url
    }

    /// Starts forwarding, and the feeds.
    public func start() throws {
        let forwarder = forwarder
        thread.withLock { $0 = NamedThread("forward") { forwarder.run() } }
        for component in components {
            run(try FeedRegistry.make(component.options).makeSource(resuming: self), name: component.name)
        }
    }

    /// Starts one source under a name.
    public func run(_ source: any FeedSource, name: String) {
        feeds.run(source, name: name) { [forwarder] in forwarder.routedOffset }
    }

    /// True once every source has ended.
    public var areFeedsFinished: Bool { feeds.areFinished }

    /// Why sources ended, where that was an error.
    public var feedErrors: [String] { feeds.errors }

    /// How long an end waits for brokers that cannot be reached, in seconds.
    private static let drainSecondsMax = 10.0

    /// Ends everything in order: feeds, journal, what is on its way. What brokers do not take in time stays in the journal
    /// for the next start.
    public func stop() {
        guard !isStopping.exchange(true, ordering: .acquiringAndReleasing) else { return }
        let watch = Stopwatch()
        feeds.stop()
        let target = journal.nextOffset
        while journal.durableOffset < target, watch.seconds < 2 * FeedRunners.stalledSecondsMax,
            journal.state != .closed
        {
            Pause.wait(ns: 1_000_000)
        }
        forwarder.drain()
        let drain = Stopwatch()
        while forwarder.report.offset < journal.durableOffset, drain.seconds < Self.drainSecondsMax {
            Pause.wait(ns: 5_000_000)
        }
        let left = journal.durableOffset - forwarder.report.offset
        if left > 0 { Log.warning("records stay in the journal until brokers take them", ["records": left]) }
        forwarder.end()
        thread.withLock { $0 }?.join()
        server.withLock { $0 }?.stop()
        ServerAddress.remove(from: configuration.dataFolder)
        let lost = journal.close()
        if lost > 0 { Log.error("records that were never acknowledged could not be written", ["records": lost]) }
    }
}
