internal import Platform

extension PushFormat {
    /// The options of a feed that takes rows and messages from others: what they are, and of which venue.
    ///
    /// - Parameters:
    ///   - holders: what holds them, for example `messages`.
    ///   - usual: venue of rows that do not name one.
    static func specs(_ holders: String, venue usual: String) -> [Spec.Option] {
        [
            .text(
                "format", choices: names,
                "What \(holders) hold: rows of a table, or messages of a venue in its own form."),
            .text(
                "venue", default: "",
                "Venue of instruments that do not name one; `\(usual)` for rows, the usual one for a venue's messages."),
        ]
    }

    /// The venue of instruments that do not name one, as those options say; nil for the usual one of the format.
    static func venue(_ options: Options, usual: String) -> String? {
        if options.isSet("venue") { return options.text("venue") }
        return PushFormat(options.text("format")).isMessages ? nil : usual
    }
}

extension Options {
    /// A whole number from 1 to `most`.
    ///
    /// - Throws: `ConfigError` where it is another.
    func count(_ name: String, most: Int64) throws(ConfigError) -> Int {
        guard (1...most).contains(integer(name)) else { throw error(name, "is not between 1 and \(most)") }
        return Int(integer(name))
    }
}
