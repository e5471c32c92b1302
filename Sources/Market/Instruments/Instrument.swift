/// What is traded: a venue's symbol. Written `VENUE:SYMBOL`.
public struct Instrument: Hashable, Sendable, CustomStringConvertible {
    /// Where it is traded, for example `BINANCE`.
    public let venue: String
    /// The venue's own text for it, for example `BTCUSDT`.
    public let symbol: String

    public init(venue: String, symbol: String) {
        self.venue = venue
        self.symbol = symbol
    }

    /// Reads `VENUE:SYMBOL`; text without a colon is a symbol of no venue.
    public init(_ text: some StringProtocol) {
        if let colon = text.firstIndex(of: ":") {
            self.init(venue: String(text[..<colon]), symbol: String(text[text.index(after: colon)...]))
        } else {
            self.init(venue: "", symbol: String(text))
        }
    }

    public var description: String { venue.isEmpty ? symbol : "\(venue):\(symbol)" }
}

/// The number that stands for an instrument in columns: its place in the `InstrumentTable`.
public typealias InstrumentID = UInt32
