internal import Market

/// A symbol of a list, written `AAPL`, `XETRA:SAP`, or `XETRA:SAP=sap.de` where the vendor calls it otherwise.
struct RESTSymbol: Equatable, Sendable {
    /// What rows are stored under.
    let instrument: Instrument
    /// What the vendor is asked for.
    let asked: String

    /// What stands for all symbols, where one question answers for them.
    init(all venue: String) {
        instrument = Instrument(venue: venue, symbol: "")
        asked = ""
    }

    /// - Parameter venue: of symbols that do not name one.
    /// - Returns: nil where a part is empty.
    init?(_ text: String, venue: String) {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let named = Instrument(parts[0])
        instrument = named.venue.isEmpty ? Instrument(venue: venue, symbol: named.symbol) : named
        asked = parts.count > 1 ? String(parts[1]) : named.symbol
        guard !named.symbol.isEmpty, !asked.isEmpty, !parts[0].hasPrefix(":") else { return nil }
    }
}
