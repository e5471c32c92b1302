internal import Market
internal import Platform

/// How the answers of a vendor are read: what their rows are, where the values stand, and how times are written.
///
/// It says everything that a decoder needs, so that recorded answers can be read without the vendor's configuration.
struct AnswerMapping: Equatable, Sendable {
    /// What an answer is.
    enum Format: String, Sendable, CaseIterable { case json, csv }

    /// What a row is.
    enum Kind: String, Sendable, CaseIterable { case bars, quotes, instruments }

    /// What is done with a bar that cannot be right, such as one in pence among bars in pounds.
    enum Implausible: String, Sendable, CaseIterable {
        /// It becomes a dead letter.
        case reject
        /// It is stored, and a dead letter says what is wrong.
        case keep
    }

    /// Values of further rows in the same answer.
    struct Part: Equatable, Sendable {
        /// Path of the rows.
        var rows = ""
        /// Path of each value by its name.
        var fields: [String: String] = [:]
    }

    /// The vendor's name, in the column `source`.
    var source: String
    var kind: Kind
    var format = Format.json
    var layout = AnswerGroup.Layout.rows
    /// The rows: `time`, `open` and so on.
    var main = Part()
    /// Dividends beside the bars: `time`, `amount`.
    var dividends = Part()
    /// Splits beside the bars: `time`, and `ratio` or `numerator` and `denominator`.
    var splits = Part()
    /// What an answer says about its instrument as a whole: `name`, `currency` and so on; `zone` of its times.
    var about: [String: String] = [:]
    /// Paths of texts by which the vendor says that it has no answer.
    var errors: [String] = []
    var timeFormat = CSVMapping.TimeFormat.text
    /// Of times that do not say it, and of the days that bars of a day and longer belong to.
    var zone = "UTC"
    /// Length of the bars.
    var interval = ""
    /// Whether times are those of the ends of bars.
    var isTimeEnd = false
    var implausible = Implausible.reject

    init(source: String, kind: Kind) {
        self.source = source
        self.kind = kind
    }

    /// Length of the bars in nanoseconds, of months the longest; nil where the interval is none that bars can have.
    var intervalNs: Int64? {
        VendorInterval(interval).map { $0.nanoseconds ?? 31 * Timestamp.nanosecondsPerDay }
    }

    /// The values that rows of a kind may have; the first ones are needed.
    static func fields(_ kind: Kind) -> (needed: [String], possible: [String]) {
        switch kind {
        case .bars:
            (
                ["time", "close"],
                ["open", "high", "low", "adjusted_close", "volume", "vwap", "trades", "dividend", "split", "symbol"]
            )
        case .quotes:
            (["current"], ["time", "change", "percent", "high", "low", "open", "previous_close", "symbol"])
        case .instruments: ([], instrumentFields)
        }
    }

    static let instrumentFields = [
        "symbol", "venue", "name", "currency", "type", "tick_size", "listed", "delisted",
    ]

    /// The values that are no numbers, or need not be.
    static let textFields: Set = [
        "time", "symbol", "venue", "name", "currency", "type", "listed", "delisted", "zone", "ratio",
    ]

    /// Says what is missing or contradictory.
    ///
    /// - Throws: `FeedError` in words that a user can act on.
    func check() throws(FeedError) {
        let (needed, possible) = Self.fields(kind)
        try Self.check(main.fields, "fields", needed: needed, possible: possible)
        try Self.check(
            dividends.fields, "dividend_fields", needed: dividends.fields.isEmpty ? [] : ["time", "amount"],
            possible: [])
        let hasRatio = splits.fields["ratio"] != nil || splits.fields.isEmpty
        try Self.check(
            splits.fields, "split_fields",
            needed: (splits.fields.isEmpty ? [] : ["time"]) + (hasRatio ? [] : ["numerator", "denominator"]),
            possible: ["ratio"])
        try Self.check(about, "about_fields", needed: [], possible: Self.instrumentFields + ["zone"])
        guard ZoneClock(zone) != nil else {
            throw FeedError(
                .settings, "unknown time zone `\(zone)`; write a name such as `America/New_York`, or an offset")
        }
        guard kind != .bars || intervalNs != nil else {
            let known = EventBatch.vendorIntervals.values.joined(separator: ", ")
            throw FeedError(.settings, "`interval`: `\(interval)` is none of \(known)")
        }
        guard timeFormat != .millisecondsOfDay else {
            throw FeedError(.settings, "`time_format`: times of day do not say on which day")
        }
        guard format == .json || layout == .rows else { throw FeedError(.settings, "CSV has rows, not columns") }
    }

    private static func check(
        _ fields: [String: String], _ key: String, needed: [String], possible: [String]
    ) throws(FeedError) {
        if let missing = needed.first(where: { fields[$0] == nil }) {
            throw FeedError(.settings, "`\(key)`: `\(missing)` is missing; write `\(missing)=…`")
        }
        let known = needed + possible
        if let unknown = fields.keys.sorted().first(where: { !known.contains($0) }) {
            throw FeedError(.settings, "`\(key)`: unknown `\(unknown)`; known are \(known.joined(separator: ", "))")
        }
    }
}
