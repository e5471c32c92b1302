public import Platform

/// Recorded files as a feed: `tapedeck replay`, and `replay` in a pipeline.
///
/// - Source: text with columns (plain, gzip, zip), recorded frames one per line, Parquet.
/// - Units: as the file says; see `CSVMapping`.
public struct ReplayFeed: Feed {
    public static let spec = Spec(
        "replay", "Recorded files: trades, quotes, bars and frames, interleaved by time.",
        options: [
            .init("path", .text, default: nil, "File or folder; a folder is searched with all folders in it."),
            .init(
                "format", .text, default: "auto",
                choices: ["auto"] + ReplayPreset.all.map(\.name), "What the files are; `auto` looks at each."),
            .init("speed", .text, default: "max", "Times as fast as recorded, for example `1x` or `60x`, or `max`."),
            .init("symbol", .text, default: "", "The instrument's symbol, where the files do not tell."),
            .init("venue", .text, default: "", "The venue, in place of what the files say."),
            .init(
                "zone", .text, default: "",
                "Zone of times that do not say theirs, for example `UTC-5` or `America/New_York+7`."),
            .init("interval", .text, default: "", "Length of bars, for example `1d`, where the files do not tell."),
            .init(
                "price_scale", .text, default: "", "What prices in the files are divided by, where they do not tell."),
            .init(
                "columns", .list, default: "",
                "How to read the columns, as `key=value`: kind, time, time_format, date, zone, price, size, bid, ask and more."
            ),
        ],
        example: "replay: { path: recordings/2024-08-08, speed: 60x }")

    private let path: String
    /// What is asked; the program adds how Parquet is converted.
    public var options: ReplayOptions

    public init(_ options: Options) throws(ConfigError) {
        var asked = ReplayOptions()
        asked.format = options.text("format")
        asked.symbol = options.text("symbol")
        asked.venue = options.text("venue")
        asked.interval = options.text("interval")
        asked.zone = options.text("zone")
        if !asked.zone.isEmpty, ZoneClock(asked.zone) == nil {
            throw options.error("zone", "`\(asked.zone)` is no zone", suggestion: "write `Europe/Athens` or `UTC+2`")
        }
        if !options.text("price_scale").isEmpty {
            guard let scale = Double(options.text("price_scale")), scale > 0, scale.isFinite else {
                throw options.error("price_scale", "`\(options.text("price_scale"))` is not a positive number")
            }
            asked.priceScale = scale
        }
        guard let speed = Self.speed(options.text("speed")) else {
            throw options.error(
                "speed", "`\(options.text("speed"))` is no speed", suggestion: "write `1x`, `60x` or `max`")
        }
        asked.speed = speed == .infinity ? nil : speed
        var values: [String: String] = [:]
        for (index, text) in options.list("columns").enumerated() {
            guard let mark = text.firstIndex(of: "=") else {
                throw options.error("columns", element: index, "`\(text)` is not `key=value`")
            }
            values[String(text[..<mark])] = String(text[text.index(after: mark)...])
        }
        do throws(FeedError) {
            if !values.isEmpty { asked.mapping = try CSVMapping(values: values) }
        } catch {
            throw options.error("columns", error.message)
        }
        path = options.text("path")
        self.options = asked
    }

    public init(path: String, options: ReplayOptions) {
        self.path = path
        self.options = options
    }

    /// Reads `1x`, `0.5x`, `60` or `max` (infinite); nil where the text is no speed.
    public static func speed(_ text: String) -> Double? {
        if text == "max" { return .infinity }
        guard let value = Double(text.hasSuffix("x") ? String(text.dropLast()) : text), value > 0, value.isFinite else {
            return nil
        }
        return value
    }

    /// Nothing: each file begins a session with settings of its own.
    public var settings: String { "" }

    /// What will be played.
    public func plan() throws(FeedError) -> ReplayPlan { try ReplayPlanner.plan(path, options) }

    public func makeSource() throws -> any FeedSource { ReplaySource(try plan(), options) }
}
