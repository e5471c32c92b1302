public import Platform

/// A durable, ordered log of records in a folder: the one writer of it.
///
/// `append` copies a record into memory; one thread compresses blocks of records, another writes them and waits for
/// the device (fdatasync) before they count as durable and readers see them. Records that arrive during a sync share
/// the next one.
///
/// - Threading: any thread. Must be closed: its threads keep it alive.
/// - Source: docs/journal-format.md.
@safe
public final class Journal: @unchecked Sendable {  // `lock` guards every variable
    /// How block bodies are stored.
    public enum Compression: Sendable { case none, lz4 }

    /// How a journal is written.
    public struct Options: Sendable {
        /// A segment file is ended before it grows beyond this.
        public var segmentBytes: Int64 = 128 << 20
        /// Bytes of records in a full block.
        public var blockBytes = 256 << 10
        /// A record waits at most this long for its sync to start when nobody waits for it.
        public var syncIntervalNs: Int64 = 5_000_000
        /// Starts a sync at once when a reader or an appender waits for it, instead of after `syncIntervalNs`.
        public var isEager = true
        /// Least time between the starts of two eager syncs. A sync costs processor time and device writes whatever it
        /// carries; this bounds both.
        public var syncSpacingNs: Int64 = 400_000
        /// How bodies are stored while the processor keeps up. When records come faster than they can be compressed,
        /// blocks are stored raw: the device takes them faster.
        public var compression = Compression.lz4
        /// Oldest segments are deleted while the journal is larger than this; nil: never.
        public var retainBytes: Int64?
        /// Segments are deleted when their newest record is older than this; nil: never.
        public var retainNs: Int64?
        /// Bytes of records not yet durable before `append` waits.
        public var bufferBytes = 32 << 20
        /// Bytes of durable records kept in memory for live readers.
        public var recentBytes = 8 << 20
        /// The offset of the first record of a journal that is new.
        public var firstOffset: Offset = 0
        /// Names of the feeds 0, 1, 2 … of a journal that is new.
        public var firstFeeds: [String] = []
        public init() {}
    }

    /// What the journal is doing.
    public enum State: Sendable, Equatable {
        case running
        /// Writing fails for this reason; it is tried again four times a second and nothing is acknowledged meanwhile.
        case stalled(String)
        case closed
    }

    /// The largest payload.
    public static let payloadBytesMax = 64 << 20

    public let path: String
    public let options: Options
    /// What opening found and repaired.
    public let recovery: RecoveryReport

    let feeds: FeedTable
    let catalog: SegmentCatalog
    let writer: SegmentWriter
    let pool: BlockMemoryPool
    let metrics: JournalMetrics
    private let storage: any JournalStorage
    /// Held while segments are deleted.
    let retentionLock = Lock()
    private var writerLock: WriterLock?
    private var threads: [NamedThread] = []

    // Everything below is guarded by `lock`.
    let lock = Lock()
    /// The sealing thread waits: for records, for the committer, or for time.
    let sealWork: Condition
    let commitWork: Condition
    /// Whoever writes waits here for the next try.
    let retryTime: Condition
    let spaceFree: Condition
    let durableMoved: Condition
    var queue: AppendQueue
    var pipeline = CommitPipeline()
    var recent = RecentBlocks()
    var condition = State.running
    var isClosing = false
    var retainFrom: Offset = 0

    /// Opens the journal in folder `path`, creating it where it is missing, and repairs a torn tail.
    ///
    /// - Throws: `locked` where it has a writer, `corrupt` where acknowledged data is damaged, `io`.
    public convenience init(
        path: String, options: Options = Options(), metrics: Metrics = Metrics()
    ) throws(JournalError) {
        try self.init(path: path, options: options, metrics: metrics, storage: DiskStorage())
    }

    package init(
        path: String, options: Options, metrics: Metrics, storage: any JournalStorage
    ) throws(JournalError) {
        precondition(options.blockBytes >= 64 && options.blockBytes <= 16 << 20, "blockBytes outside 64 B ... 16 MiB")
        self.path = path
        self.options = options
        self.storage = storage
        try JournalError.wrap { () throws(FileError) in try Folder.create(path) }
        writerLock = try WriterLock(folder: path)
        let catalog = try SegmentCatalog(folder: path)
        let found = try Recovery(
            catalog: catalog, storage: storage, firstOffset: options.firstOffset, firstFeeds: options.firstFeeds)
        let feeds = FeedTable(found.feeds)
        self.catalog = catalog
        self.feeds = feeds
        self.metrics = JournalMetrics(metrics)
        recovery = found.report
        pool = BlockMemoryPool(
            blockBytes: options.blockBytes, limitBytes: options.bufferBytes + options.recentBytes)
        queue = AppendQueue(nextOffset: found.report.nextOffset, memory: pool.take(options.blockBytes))
        sealWork = Condition(lock)
        commitWork = Condition(lock)
        retryTime = Condition(lock)
        spaceFree = Condition(lock)
        durableMoved = Condition(lock)
        writer = SegmentWriter(
            catalog: catalog, storage: storage, segmentBytes: options.segmentBytes,
            nextOffset: found.report.nextOffset, feeds: { feeds.list })
        recent.endOffset = found.report.nextOffset
        if let end = found.end { try writer.resume(end) }
        self.metrics.recoveredTornBytes.set(Double(recovery.tornBytes))
        start()
    }

    private func start() {
        threads = [
            NamedThread("journal-seal") { self.sealLoop() },
            NamedThread("journal-commit") { self.commitLoop() },
        ]
    }

    /// Makes what was appended durable, ends the segment and lets the folder go. While writing fails, one more try is
    /// made; records that were not acknowledged are then lost, and counted in the result.
    ///
    /// - Returns: records lost, 0 as a rule.
    @discardableResult
    public func close() -> Int64 {
        lock.lock()
        guard !isClosing else {
            while condition != .closed { durableMoved.wait() }
            defer { lock.unlock() }
            return queue.nextOffset - recent.endOffset
        }
        isClosing = true
        for waiter in [sealWork, commitWork, retryTime, spaceFree, durableMoved] { waiter.broadcast() }
        lock.unlock()
        for thread in threads { thread.join() }
        do { try writer.seal() } catch { Log.error("journal was not ended cleanly: \(error)") }
        lock.lock()
        defer { lock.unlock() }
        threads = []
        writerLock = nil
        condition = .closed
        for waiter in [spaceFree, durableMoved] { waiter.broadcast() }
        let lost = queue.nextOffset - recent.endOffset
        if lost > 0 { Log.error("journal closed while it could not write", ["records": lost, "path": path]) }
        return lost
    }

    /// What the journal is doing.
    public var state: State { lock.withLock { condition } }
    /// The offset that the next record gets.
    public var nextOffset: Offset { lock.withLock { queue.nextOffset } }
    /// All records before this offset are durable.
    public var durableOffset: Offset { lock.withLock { recent.endOffset } }
    /// The oldest offset kept.
    public var oldestOffset: Offset { catalog.segments.first?.firstOffset ?? durableOffset }
    /// The bound in nanoseconds under which the given share (0…1) of all syncs to disk stayed; 0 before the first.
    public func synchronizationNs(share: Double) -> Int64 { metrics.sync.quantileNs(share) }
    public var segmentCount: Int { catalog.segments.count }
    /// Bytes of all segment files.
    public var bytes: Int64 { catalog.segments.reduce(0) { $0 + $1.fileBytes } }

    /// The number of the feed `name`, which is given one, durably, where it has none.
    ///
    /// - Throws: `feed` where the name is empty or longer than 255 bytes, or there are no more numbers.
    public func feed(named name: String) throws(JournalError) -> FeedID {
        try feeds.number(of: name) { feed throws(JournalError) in
            var text = name
            var failure: JournalError?
            text.withUTF8 { bytes in
                do throws(JournalError) {
                    _ = try unsafe append(
                        .define, feed: feed, ingestTime: .now(), payload: UnsafeRawBufferPointer(bytes))
                } catch { failure = error }
            }
            if let failure { throw failure }
        }
    }

    /// The number of the feed `name` of a journal that nobody opens again: its definition is not recorded, so that records
    /// have the offsets that whoever appends them counts.
    ///
    /// - Throws: as `feed(named:)`.
    public func unrecordedFeed(named name: String) throws(JournalError) -> FeedID {
        try feeds.number(of: name) { _ in }
    }

    /// The name of a feed; nil where there is no such number.
    public func feedName(_ feed: FeedID) -> String? { feeds[feed] }

    func removeFile(_ path: String) throws(FileError) {
        try storage.remove(path)
        try storage.synchronizeFolder(self.path)
    }
}
