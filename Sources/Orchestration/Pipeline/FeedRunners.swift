internal import Feeds
internal import Journaling
internal import Market
internal import Platform
internal import Synchronization

/// The sources that write one journal, from their start to their end.
///
/// - Threading: any thread.
final class FeedRunners: Sendable {
    private let journal: Journal
    private let names: FeedNames
    private let calendars: VenueCalendars
    /// Sources that others push to.
    let receivers: PushReceivers
    private let runners = Mutex<[FeedRunner]>([])

    /// How long an end waits for a journal that cannot write, in seconds.
    static let stalledSecondsMax = 3.0

    /// - Parameter components: the feeds that are going to run.
    init(_ journal: Journal, names: FeedNames, calendars: VenueCalendars, _ components: [ConfiguredComponent]) {
        self.journal = journal
        self.names = names
        self.calendars = calendars
        receivers = PushReceivers(expected: components.filter { $0.kind == PushFeed.spec.name }.map(\.name))
    }

    /// Starts one source under a name.
    ///
    /// - Parameter processed: how far the journal was processed; a source that can wait keeps near it.
    func run(_ source: any FeedSource, name: String, processed: @escaping @Sendable () -> Offset) {
        let status = FeedStatus(name: name)
        let output = JournalOutput(
            journal, names: names, status: status, engineOffset: source.canWait ? processed : nil,
            calendars: calendars)
        let runner = FeedRunner(status: status, output: output)
        runners.withLock { $0.append(runner) }
        if let receiver = source as? any PushReceiver { receivers.add(receiver, name: name) }
        runner.start(source)
    }

    /// Those that were started.
    var all: [FeedRunner] { runners.withLock { $0 } }

    /// True once every source has ended.
    var areFinished: Bool { all.allSatisfy(\.isFinished) }

    /// Why sources ended, where that was an error.
    var errors: [String] { all.compactMap(\.error) }

    /// Asks sources to end, and waits for them. Where they wait for a journal that cannot write, it is closed: what it had
    /// not acknowledged is lost.
    func stop() {
        let running = all
        for runner in running { runner.cancel() }
        let watch = Stopwatch()
        while !running.allSatisfy(\.isFinished) {
            // Sources that wait for a journal which cannot write would wait for ever.
            if watch.seconds > Self.stalledSecondsMax, case .stalled = journal.state { journal.close() }
            Pause.wait(ns: 2_000_000)
        }
        for runner in running { runner.join() }
    }
}
