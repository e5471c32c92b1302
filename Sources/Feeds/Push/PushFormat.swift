internal import Market

/// What the bodies that a feed takes hold.
enum PushFormat: Equatable, Sendable {
    /// Rows of a table: JSON objects, one per line or in a list. One body is one frame.
    case rows(RowTable)
    /// Messages of a venue, by the name of their decoder: one per line, or one alone. Each is a frame.
    case frames(String)

    /// Venues whose messages can be pushed.
    static let venues = ["binance", "coinbase", "finnhub", "kraken", "mt5"]
    /// Names in configuration.
    static let names = RowTable.allCases.map(\.rawValue) + venues

    init(_ name: String) { self = RowTable(rawValue: name).map { .rows($0) } ?? .frames(name) }

    /// The settings of the decoder of bodies.
    ///
    /// - Parameter venue: of instruments that do not name one; nil for the usual one of the format.
    func settings(venue: String?) -> SessionSettings {
        var values: [String: String] = [:]
        if let venue { values["venue"] = venue }
        switch self {
        case .rows(let table):
            values["table"] = table.rawValue
            return SessionSettings(decoder: "rows", values: values)
        case .frames(let decoder): return SessionSettings(decoder: decoder, values: values)
        }
    }

    /// True for messages as a venue sends them, rather than rows.
    var isMessages: Bool { if case .frames = self { true } else { false } }

    /// The frames of a body, as ranges of it.
    ///
    /// - Parameter isLines: whether the sender says that each line is a message.
    func frames(of body: [UInt8], isLines: Bool) -> [Range<Int>] {
        let whole = trimmed(0..<body.count, of: body)
        guard !whole.isEmpty else { return [] }
        guard case .frames = self, isLines else { return [0..<body.count] }
        var frames: [Range<Int>] = []
        var start = whole.lowerBound
        while start < whole.upperBound {
            let end = body[start..<whole.upperBound].firstIndex(of: UInt8(ascii: "\n")) ?? whole.upperBound
            let line = trimmed(start..<end, of: body)
            if !line.isEmpty { frames.append(line) }
            start = end + 1
        }
        return frames
    }

    /// The range without white space at both ends.
    private func trimmed(_ range: Range<Int>, of body: [UInt8]) -> Range<Int> {
        let isSpace: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x0a || $0 == 0x0d || $0 == 0x09 }
        guard let first = body[range].firstIndex(where: { !isSpace($0) }),
            let last = body[range].lastIndex(where: { !isSpace($0) })
        else { return range.lowerBound..<range.lowerBound }
        return first..<last + 1
    }
}
