public import Market

/// What a row of the table `coverage` tells.
public enum CoverageKind: String, Sendable, CaseIterable {
    /// Data was received.
    case connection
    /// No connection was there.
    case disconnected
    /// Nothing came for longer than the market's hours and its own habits explain.
    case silence
    /// Numbers of trades that did not come.
    case sequenceGap = "sequence_gap"
    /// Some of them came later.
    case backfill
}

/// Which connection of a feed: what the settings of its session and the record of its loss both say.
public struct ConnectionLabel: Sendable, Equatable {
    /// Tells apart connections that a feed has at the same time for different instruments; empty where there is one.
    public let line: String
    /// Number of the connection on its line since the program started.
    public let epoch: Int64
    /// Address, file or whatever else it comes from, for people.
    public let source: String

    public init(line: String = "", epoch: Int64 = 0, source: String = "") {
        self.line = line
        self.epoch = epoch
        self.source = source
    }
}

/// A frame that was asked for afterwards, and where it came from.
public struct BackfilledFrame: Sendable, Equatable {
    public let journalOffset: Int64
    public let source: String

    public init(journalOffset: Int64, source: String) {
        self.journalOffset = journalOffset
        self.source = source
    }
}

/// What the engine has to know of the numbers in its columns: names of feeds, instruments.
public struct EngineNames: Sendable {
    let feed: @Sendable (UInt32) -> String
    let instrument: @Sendable (InstrumentID) -> Instrument?
    /// Whether what concerns a whole feed is told here, and not by another partition.
    let tellsOfFeed: @Sendable (UInt32) -> Bool

    public init(
        feed: @escaping @Sendable (UInt32) -> String, instrument: @escaping @Sendable (InstrumentID) -> Instrument?,
        tellsOfFeed: @escaping @Sendable (UInt32) -> Bool = { _ in true }
    ) {
        self.feed = feed
        self.instrument = instrument
        self.tellsOfFeed = tellsOfFeed
    }

    /// Numbers in place of names, and no instrument.
    public static let numbers = EngineNames(feed: { "\($0)" }, instrument: { _ in nil })
}
