internal import Feeds
internal import Journaling
internal import Platform
internal import Synchronization

/// The journal as the place where sources push frames: one sink per feed name.
final class JournalOutput: FeedOutput {
    private let journal: Journal
    private let names: FeedNames
    private let status: FeedStatus
    private let cancelled = Atomic(false)

    init(_ journal: Journal, names: FeedNames, status: FeedStatus) {
        self.journal = journal
        self.names = names
        self.status = status
    }

    var isCancelled: Bool { cancelled.load(ordering: .acquiring) }

    /// Asks the source to end.
    func cancel() { cancelled.store(true, ordering: .releasing) }

    func sink(feed name: String) throws -> any FrameSink {
        let feed = try journal.feed(named: name)
        names.set(name, of: feed)
        return JournalSink(journal, feed, status)
    }
}

/// Appends one feed's records. Every call returns once the journal has taken its argument; `Journal` makes it durable
/// with its neighbours and lets readers see it only then.
private final class JournalSink: FrameSink {
    private let journal: Journal
    private let feed: FeedID
    private let status: FeedStatus

    init(_ journal: Journal, _ feed: FeedID, _ status: FeedStatus) {
        self.journal = journal
        self.feed = feed
        self.status = status
    }

    func begin(settings: String, ingestTime: Timestamp) throws {
        var text = settings
        try text.withUTF8 { bytes in
            _ = unsafe try journal.append(
                .begin, feed: feed, ingestTime: ingestTime, payload: UnsafeRawBufferPointer(bytes))
        }
    }

    func frame(_ payload: UnsafeRawBufferPointer, ingestTime: Timestamp) throws {
        _ = unsafe try journal.append(.data, feed: feed, ingestTime: ingestTime, payload: payload)
        status.countFrame(bytes: payload.count, ingestTimeNs: ingestTime.nanoseconds)
    }

    func heartbeat(ingestTime: Timestamp) throws { try control(.heartbeat, ingestTime) }

    func end(ingestTime: Timestamp) throws { try control(.end, ingestTime) }

    private func control(_ kind: RecordKind, _ ingestTime: Timestamp) throws {
        _ = unsafe try journal.append(
            kind, feed: feed, ingestTime: ingestTime, payload: UnsafeRawBufferPointer(start: nil, count: 0))
    }
}
