internal import Feeds
internal import Journaling
internal import Market
internal import Platform
internal import Synchronization

/// The journal as the place where sources push frames: one sink per feed name.
final class JournalOutput: FeedOutput {
    private let journal: Journal
    private let names: FeedNames
    private let status: FeedStatus
    private let engineOffset: (@Sendable () -> Offset)?
    let calendars: VenueCalendars
    private let cancelled = Atomic(false)

    /// - Parameters:
    ///   - engineOffset: how far the engine is, for a source that waits for it; nil for one that does not.
    ///   - calendars: trading hours of venues.
    init(
        _ journal: Journal, names: FeedNames, status: FeedStatus, engineOffset: (@Sendable () -> Offset)?,
        calendars: VenueCalendars
    ) {
        self.journal = journal
        self.names = names
        self.status = status
        self.engineOffset = engineOffset
        self.calendars = calendars
    }

    var isCancelled: Bool { cancelled.load(ordering: .acquiring) }

    /// Asks the source to end.
    func cancel() { cancelled.store(true, ordering: .releasing) }

    func sink(feed name: String) throws -> any FrameSink {
        let feed = try journal.feed(named: name)
        names.set(name, of: feed)
        return JournalSink(journal, feed, status, self)
    }

    /// Bytes that a source that can wait is ahead of the engine at most: the journal has them in memory still.
    private static let leadBytesMax: Int64 = 4 << 20
    /// Frames after which the lead is looked at.
    fileprivate static let framesPerLook = 64

    /// Waits while the engine is far behind a source that can wait.
    fileprivate func waitForEngine() {
        guard let engineOffset else { return }
        let snapshot = status.snapshot
        let frameBytes = max(64, snapshot.bytes / max(1, snapshot.frames))
        let leadMax = max(Self.leadBytesMax / frameBytes, 2 * Int64(Self.framesPerLook))
        while journal.nextOffset - engineOffset() > leadMax, !isCancelled { Pause.wait(ns: 200_000) }
    }
}

/// Appends one feed's records. Every call returns once the journal has taken its argument; `Journal` makes it durable
/// with its neighbours and lets readers see it only then.
private final class JournalSink: FrameSink {
    private let journal: Journal
    private let feed: FeedID
    private let status: FeedStatus
    private let output: JournalOutput
    /// Frames since the lead was looked at; every sink is used by one thread at a time.
    private nonisolated(unsafe) var frames = 0
    /// Behind the last frame appended.
    private let endOffset = Atomic<Offset>(0)

    init(_ journal: Journal, _ feed: FeedID, _ status: FeedStatus, _ output: JournalOutput) {
        self.journal = journal
        self.feed = feed
        self.status = status
        self.output = output
    }

    func begin(settings: String, ingestTime: Timestamp) throws {
        var text = settings
        try text.withUTF8 { bytes in
            _ = unsafe try journal.append(
                .begin, feed: feed, ingestTime: ingestTime, payload: UnsafeRawBufferPointer(bytes))
        }
    }

    func frame(_ payload: UnsafeRawBufferPointer, ingestTime: Timestamp) throws {
        let offset = unsafe try journal.append(.data, feed: feed, ingestTime: ingestTime, payload: payload)
        endOffset.store(offset + 1, ordering: .relaxed)
        status.countFrame(bytes: payload.count, ingestTimeNs: ingestTime.nanoseconds)
        unsafe frames += 1
        if unsafe frames % JournalOutput.framesPerLook == 0 { output.waitForEngine() }
    }

    var progress: FrameProgress? {
        FrameProgress(given: endOffset.load(ordering: .relaxed), durable: journal.durableOffset)
    }

    func waitUntilDurable(_ place: Int64) throws { try journal.waitUntilDurable(place - 1) }

    func heartbeat(ingestTime: Timestamp) throws { try control(.heartbeat, ingestTime) }

    func lost(_ loss: ConnectionLoss, ingestTime: Timestamp) throws {
        try unsafe Array(loss.payload.utf8).withUnsafeBytes { bytes in
            _ = unsafe try journal.append(.heartbeat, feed: feed, ingestTime: ingestTime, payload: bytes)
        }
    }

    func end(ingestTime: Timestamp) throws { try control(.end, ingestTime) }

    private func control(_ kind: RecordKind, _ ingestTime: Timestamp) throws {
        _ = unsafe try journal.append(
            kind, feed: feed, ingestTime: ingestTime, payload: UnsafeRawBufferPointer(start: nil, count: 0))
    }
}
