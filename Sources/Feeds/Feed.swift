public import Market
public import Platform

/// A source of market data: how to receive its frames, and how to decode them.
///
/// Adding a feed is a file that conforms to this and a line in `FeedRegistry`.
public protocol Feed: Sendable {
    /// Name, options and example: what help, checks and the reference pages are made from.
    static var spec: Spec { get }
    /// - Throws: `ConfigError` where an option's value is of no use.
    init(_ options: Options) throws(ConfigError)
    /// The settings of a session of this feed as JSON text: what its decoder needs to read the frames. Contains
    /// `"decoder":"NAME"`, so that `FeedRegistry.makeDecoder` can make it from the journal alone.
    var settings: String { get }
    /// What receives or makes the frames.
    func makeSource() throws -> any FeedSource
    /// The same for a pipeline that ran before: a source that can goes on where it stopped.
    func makeSource(resuming memory: any FeedMemory) throws -> any FeedSource
}

extension Feed {
    public func makeSource(resuming memory: any FeedMemory) throws -> any FeedSource { try makeSource() }
}

/// What a source may ask at its start about what a pipeline has stored.
public protocol FeedMemory: Sendable {
    /// Start of the latest bar that a vendor stated of each instrument, in nanoseconds since 1970 UTC.
    ///
    /// - Parameters:
    ///   - source: the vendor.
    ///   - interval: length of the bars.
    func lastBars(source: String, interval: String) throws -> [Instrument: Int64]
    /// When the latest client operation stored was made, in nanoseconds since 1970 UTC; nil where there is none.
    func lastTransactionNs() throws -> Int64?
    /// Where the simulated market stopped; nil where it never ran.
    func simulatorState() throws -> SimulatorState?
    /// What the earlier runs of a feed that consumes logs journaled.
    ///
    /// - Returns: nil where `isCancelled` became true first.
    func consumed(feed: String, unless isCancelled: () -> Bool) throws -> ConsumedBefore?
}

/// How far the earlier runs of a feed had come in the logs that it consumes.
public struct ConsumedBefore: Sendable {
    /// The last number journaled of each log.
    public var positions: StreamPositions
    /// Settings of the latest session; nil where there was none.
    public var settings: String?

    public init(positions: StreamPositions = StreamPositions(), settings: String? = nil) {
        self.positions = positions
        self.settings = settings
    }
}

/// Receives or makes frames and pushes them.
public protocol FeedSource: Sendable {
    /// True where frames are there whenever they are asked for, as in files: then none are taken while the engine is
    /// busy with earlier ones. A line cannot wait: what it brings goes to the journal however far behind the engine is.
    var canWait: Bool { get }
    /// Runs until the data is over or `output` is cancelled; waits while the receiver cannot take more.
    ///
    /// - Threading: one call, on a thread of its own.
    /// - Throws: `FeedError`, or what a sink throws.
    func run(into output: any FeedOutput, status: FeedStatus) throws
}

extension FeedSource {
    public var canWait: Bool { false }
}

/// Where a source pushes frames: one sink per feed name.
public protocol FeedOutput: Sendable {
    /// The sink of a feed; the same name gives the same feed.
    func sink(feed name: String) throws -> any FrameSink
    /// True once the source shall stop.
    var isCancelled: Bool { get }
    /// Trading hours of venues, as configured.
    var calendars: VenueCalendars { get }
}

extension FeedOutput {
    public var calendars: VenueCalendars { .standard }
}

/// Takes the frames of one feed, in order, and keeps them. Every call returns when the receiver has taken its
/// argument, and waits while it cannot.
public protocol FrameSink: AnyObject, Sendable {
    /// A session starts; `settings` is what its decoder needs.
    func begin(settings: String, ingestTime: Timestamp) throws
    /// One frame, exactly as it came.
    func frame(_ payload: UnsafeRawBufferPointer, ingestTime: Timestamp) throws
    /// Nothing arrived until this time.
    func heartbeat(ingestTime: Timestamp) throws
    /// A connection of the session is gone; the session goes on with the next.
    func lost(_ loss: ConnectionLoss, ingestTime: Timestamp) throws
    /// The session's data is over.
    func end(ingestTime: Timestamp) throws
    /// How far what was given is safe; nil where the receiver does not say. For sources whose peer keeps what is not
    /// acknowledged.
    var progress: FrameProgress? { get }
    /// Waits until everything that was given before a place of `progress` is safe.
    ///
    /// - Throws: where the receiver ended without that.
    /// - Threading: any thread.
    func waitUntilDurable(_ place: Int64) throws
}

extension FrameSink {
    public var progress: FrameProgress? { nil }
    public func waitUntilDurable(_ place: Int64) throws {}
}

/// How far the frames given to a sink are safe. Both are places on one scale, which has no other meaning.
public struct FrameProgress: Sendable {
    /// Behind the last frame given.
    public let given: Int64
    /// What was given before this place survives a crash of the program and of the machine.
    public let durable: Int64

    public init(given: Int64, durable: Int64) {
        self.given = given
        self.durable = durable
    }
}

extension FrameSink {
    public func lost(_ loss: ConnectionLoss, ingestTime: Timestamp) throws { try heartbeat(ingestTime: ingestTime) }
}
