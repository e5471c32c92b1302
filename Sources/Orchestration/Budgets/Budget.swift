internal import Platform

/// What a sink may take in a month or a day, and what happens near the end of it.
public struct Budget: Sendable {
    /// What happens when it is used up.
    enum Action: String, CaseIterable, Sendable {
        case warn, slow, stop
    }

    /// What it is for.
    enum Period: String, CaseIterable, Sendable {
        case month, day
    }

    let period: Period
    let action: Action
    /// Part of it from which on there are warnings, and `slow` slows down.
    let warnAt: Double
    let dollars: Double?
    let rows: Int64?
    let requests: Int64?
    let bytes: Int64?
    /// Prices that hold instead of the published ones.
    let prices: [PriceList.Price]?

    static let spec = Spec(
        "budget", "What one sink may take.",
        options: [
            .text(
                "per", default: Period.month.rawValue, choices: Period.allCases.map(\.rawValue),
                "Of which span the limits are, by UTC."),
            .number("cost", default: "", "US dollars a month, by the list of prices."),
            .bytes("bytes", default: "", "Bytes sent: bodies of requests, keys and values of messages."),
            .integer("rows", default: "", "Rows delivered."),
            .integer("requests", default: "", "Requests made; transactions of `kafka` and `postgresql`."),
            .text(
                "action", default: Action.warn.rawValue, choices: Action.allCases.map(\.rawValue),
                "`warn` only says so; `slow` spreads what is left over the rest of the span; `stop` delivers no more until the next "
                    + "one begins. What is not delivered waits in lake and journal."),
            .number("warn_at", default: "0.8", "Part of a limit from which on there are warnings."),
            .text(
                "prices", default: "",
                "File with prices of your own, written as docs/budgets.md shows; the published ones unless given."),
            .text("service", default: "", "Name of the prices in the list; the sink's own service unless given."),
        ])

    /// - Parameters:
    ///   - sink: the sink's kind.
    ///   - service: whose published prices hold for it; nil where there are none.
    /// - Throws: `ConfigError` where the options do not fit together.
    init(_ options: Options, sink: String, service: String?) throws(ConfigError) {
        func limit<T: Comparable & Numeric>(_ name: String, _ value: T) throws(ConfigError) -> T {
            guard value > 0 else {
                throw options.error(name, "is not above 0", suggestion: "leave it out for no limit")
            }
            return value
        }
        period = Period(rawValue: options.text("per")) ?? .month
        action = Action(rawValue: options.text("action")) ?? .warn
        dollars = options.isSet("cost") ? try limit("cost", options.number("cost")) : nil
        rows = options.isSet("rows") ? try limit("rows", options.integer("rows")) : nil
        requests = options.isSet("requests") ? try limit("requests", options.integer("requests")) : nil
        bytes = options.isSet("bytes") ? try limit("bytes", options.bytes("bytes")) : nil
        warnAt = options.number("warn_at")
        guard warnAt > 0, warnAt < 1 else {
            throw options.error("warn_at", "is not between 0 and 1", suggestion: "write `0.8`")
        }
        if bytes != nil, sink == "postgresql" {
            throw options.error(
                "bytes", "cannot be counted of `postgresql`: its driver does not tell", suggestion: "limit `rows`")
        }
        guard dollars != nil || rows != nil || requests != nil || bytes != nil else {
            throw options.error("cost", "is missing, and no other limit is there", suggestion: "write `cost: 25`")
        }
        if dollars != nil, period == .day {
            throw options.error(
                "cost", "is a month's: what is free and what stays is counted by months",
                suggestion: "write `per: month`")
        }
        prices = try Self.prices(options, service: service)
        if dollars != nil, prices == nil {
            throw options.error(
                "cost", "is not known of this sink: it has no published prices",
                suggestion: "name a file in `prices` and what holds in it in `service`")
        }
    }

    private static func prices(
        _ options: Options, service: String?
    ) throws(ConfigError) -> [PriceList.Price]? {
        let path = options.text("prices")
        let list =
            path.isEmpty
            ? PriceList.standard : try PriceList(parsing: ConfigurationFile.read(path), file: path)
        let name = options.text("service")
        guard let wanted = name.isEmpty ? service : name else { return nil }
        guard let found = list.services[wanted] else {
            throw options.error(
                name.isEmpty ? "prices" : "service", "has no prices of `\(wanted)`",
                suggestion: Suggestion.sentence(for: wanted, among: list.services.keys.sorted()))
        }
        return found
    }
}
