public import Market

/// Turns the frames of one feed into events.
///
/// Pure: no clock, no input or output. What it remembers is a cache that the settings of the session and the frames
/// since then make again, so that decoding from the journal gives the same events every time.
///
/// - Threading: one thread at a time.
public protocol FeedDecoder: AnyObject {
    /// Appends what one frame holds: trades, quotes, rejects. Nothing is thrown: what does not decode or validate
    /// becomes a dead letter, what is of no interest is counted as ignored.
    ///
    /// - Parameters:
    ///   - payload: the frame; 64 more bytes behind it must be readable.
    ///   - journalOffset: its place in the journal.
    ///   - ingestTimeNs: when it was received, in nanoseconds since 1970 UTC.
    func decode(
        payload: UnsafeRawBufferPointer, journalOffset: Int64, ingestTimeNs: Int64, into events: EventBatch)

    /// The same for frames that follow each other; costs less than as many calls.
    func decode(_ run: FrameRun, into events: EventBatch)

    /// True where frames may carry keys of their senders.
    var hasDeliveryKeys: Bool { get }
    /// The key of a frame's delivery; nil where its sender gave none. A frame whose delivery was seen before is not
    /// decoded.
    func delivery(of payload: UnsafeRawBufferPointer) -> DeliveryKey?

    /// True where frames come from logs with positions.
    var hasPositions: Bool { get }
    /// Where a frame stands in the log that it comes from; nil where it does not say so. A frame that is not beyond the
    /// last one of its log is not decoded.
    func position(of payload: UnsafeRawBufferPointer) -> StreamPosition?
    /// How far earlier sessions had come, by the session's settings: the journal may not hold their frames any more.
    var openingPositions: StreamPositions { get }

    /// True where the frames of different instruments can be decoded in different places, each frame by itself. What knows
    /// frames again by their senders' keys or positions must see all of them.
    var isDivisible: Bool { get }
}

extension FeedDecoder {
    public var hasDeliveryKeys: Bool { false }
    public func delivery(of payload: UnsafeRawBufferPointer) -> DeliveryKey? { nil }
    public var hasPositions: Bool { false }
    public func position(of payload: UnsafeRawBufferPointer) -> StreamPosition? { nil }
    public var openingPositions: StreamPositions { StreamPositions() }
    public var isDivisible: Bool { !hasDeliveryKeys && !hasPositions }

    public func decode(_ run: FrameRun, into events: EventBatch) {
        unsafe run.forEach { payload, journalOffset, ingestTimeNs in
            unsafe decode(payload: payload, journalOffset: journalOffset, ingestTimeNs: ingestTimeNs, into: events)
        }
    }
}

/// Where decoders of one pipeline take their numbers from.
public struct DecoderContext: Sendable {
    public let instruments: InstrumentTable
    /// Condition texts by number.
    public let conditions: StringTable
    /// Category texts of records by number.
    public let texts: StringTable
    /// The number of the feed in dead letters.
    public let feedNumber: UInt32

    public init(
        instruments: InstrumentTable, conditions: StringTable, texts: StringTable = StringTable(), feedNumber: UInt32
    ) {
        self.texts = texts
        self.instruments = instruments
        self.conditions = conditions
        self.feedNumber = feedNumber
    }
}

/// A feed or its recording cannot be used; says which, why, and what to do.
public struct FeedError: Error, Sendable, CustomStringConvertible {
    /// What kind of fault.
    public enum Code: String, Sendable {
        /// The settings of a session are not what a decoder can use.
        case settings
        /// A file cannot be read or is damaged.
        case file
        /// A file's format is not known, or lacks something.
        case format
        /// The receiver of the frames refused them.
        case sink
    }
    public let code: Code
    /// What is wrong, in words.
    public let message: String
    /// Path, feed or address, where there is one.
    public let operation: String

    public init(_ code: Code, _ message: String, operation: String = "") {
        self.code = code
        self.message = message
        self.operation = operation
    }

    public var description: String { operation.isEmpty ? message : "\(operation): \(message)" }
}
