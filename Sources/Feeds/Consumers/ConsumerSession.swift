internal import Market
internal import Platform

/// What the `begin` records of a consumer's sessions say.
struct ConsumerSession: Sendable {
    /// What messages hold, as in configuration.
    let format: String
    /// Venue of instruments that do not name one; nil for the usual one of the format.
    let venue: String?
    /// Stands for the journal: what another one holds is not here.
    var origin = ""

    /// The settings of a session.
    ///
    /// - Parameters:
    ///   - positions: how far the feed had come. They are repeated in every session, so that they outlive the frames
    ///     that they come from.
    ///   - more: `epoch` and `url` of a connection, say.
    func text(_ positions: StreamPositions, _ more: [String: String] = [:]) -> String {
        var values = more.merging(["format": format, "continues": "true"]) { _, own in own }
        if let venue { values["venue"] = venue }
        if !origin.isEmpty { values["origin"] = origin }
        if !positions.isEmpty { values["positions"] = Self.text(positions) }
        return SessionSettings(decoder: "consumed", values: values).text
    }

    /// The origin in the settings of an earlier session; nil where there was none.
    static func origin(_ settings: String?) -> String? {
        settings.flatMap { try? SessionSettings(text: $0) }?.values["origin"]
    }

    /// One line per log: the members of a header up to the position.
    private static func text(_ positions: StreamPositions) -> String {
        positions.all.map { log, last in "\(String(decoding: log, as: UTF8.self)),\"position\":\"\(last)\"" }
            .joined(separator: "\n")
    }

    /// Reads what `text` wrote.
    static func positions(_ text: String) throws(FeedError) -> StreamPositions {
        var positions = StreamPositions()
        for line in text.split(separator: "\n") {
            let isRead = unsafe Array(line.utf8).withUnsafeBytes { bytes in
                guard let position = unsafe ConsumerHeader.position(ofMembers: bytes) else { return false }
                _ = unsafe positions.advance(to: position)
                return true
            }
            guard isRead else { throw FeedError(.settings, "not a position in a log: \(line.prefix(200))") }
        }
        return positions
    }
}
