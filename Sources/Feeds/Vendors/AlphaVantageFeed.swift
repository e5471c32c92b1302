public import Platform

/// Alpha Vantage: bars of days with adjusted closes, dividends and splits, and intraday bars.
///
/// - Source: Alpha Vantage API documentation, `TIME_SERIES_DAILY`, `TIME_SERIES_DAILY_ADJUSTED`,
///   `TIME_SERIES_INTRADAY`, `OVERVIEW`.
/// - Units: prices not adjusted; times of the zone that the answer names (US/Eastern).
/// - Gaps: what is missing is asked for again with every round; corrections become revisions.
public struct AlphaVantageFeed: HistoryFeed {
    public static let spec = Spec(
        "alphavantage", "Bars, dividends and splits from Alpha Vantage.",
        options: [
            .secret("token", "API key."), HistoryPlan.Common.symbols(), HistoryPlan.Common.venue("ALPHAVANTAGE"),
            HistoryPlan.Common.interval(["1m", "5m", "15m", "30m", "1h", "1d"]),
            .boolean(
                "adjusted", default: "true",
                "Whether days come with adjusted close, dividend and split, which free keys may not ask for."),
            HistoryPlan.Common.from, HistoryPlan.Common.overlap, HistoryPlan.Common.every("1d"),
            HistoryPlan.Common.limits("5/m,25/d"), HistoryPlan.Common.zone, HistoryPlan.Common.implausible,
            .boolean("instruments", default: "false", "Whether to ask what is known of each symbol, once per start."),
            HistoryPlan.Common.url("https://www.alphavantage.co"), HistoryPlan.Common.authorities,
        ],
        example: "alphavantage: { token: \"${ALPHAVANTAGE_KEY}\", symbols: [IBM], venue: US, adjusted: false }")

    let plan: HistoryPlan
    private static let words = ["1m": "1min", "5m": "5min", "15m": "15min", "30m": "30min", "1h": "60min"]
    /// A short answer has the last hundred trading days.
    private static let shortNs = 130 * Timestamp.nanosecondsPerDay

    public init(_ options: Options) throws(ConfigError) {
        let interval = options.text("interval")
        var mapping = AnswerMapping(source: "alphavantage", kind: .bars)
        mapping.interval = interval
        mapping.errors = ["'Error Message'", "Information", "Note"]
        mapping.main.fields = ["time": "@name", "open": "'1. open'", "high": "'2. high'", "low": "'3. low'"]
        mapping.main.fields["close"] = "'4. close'"
        mapping.main.fields["volume"] = "'5. volume'"
        var query = "/query?symbol={symbol}&apikey={token}&function="
        if let word = Self.words[interval] {
            query += "TIME_SERIES_INTRADAY&interval=\(word)&month={month}&outputsize=full&adjusted=false"
            mapping.main.rows = "'Time Series (\(word))'"
            mapping.about = ["zone": "'Meta Data'.'6. Time Zone'"]
        } else {
            query += options.boolean("adjusted") ? "TIME_SERIES_DAILY_ADJUSTED" : "TIME_SERIES_DAILY"
            mapping.main.rows = "'Time Series (Daily)'"
            mapping.about = ["zone": "'Meta Data'.'5. Time Zone'"]
            if options.boolean("adjusted") {
                mapping.main.fields.merge([
                    "adjusted_close": "'5. adjusted close'", "volume": "'6. volume'",
                    "dividend": "'7. dividend amount'",
                    "split": "'8. split coefficient'",
                ]) { $1 }
            }
        }
        let isDaily = Self.words[interval] == nil
        let full = isDaily ? query + "&outputsize=full" : query
        var vendor = RESTVendor(url: try HistoryPlan.template(options, full), mapping: mapping)
        if isDaily {
            vendor.recent = (try HistoryPlan.template(options, query + "&outputsize=compact"), Self.shortNs)
        }
        vendor.throttle = ["rate limit", "API call frequency", "requests per day", "requests per second"]
        if options.boolean("instruments") {
            var about = AnswerMapping(source: "alphavantage", kind: .instruments)
            about.layout = .columns
            about.errors = mapping.errors
            about.about = ["name": "Name", "currency": "Currency", "type": "AssetType"]
            let query = "/query?symbol={symbol}&apikey={token}&function=OVERVIEW"
            vendor.about = (try HistoryPlan.template(options, query), about)
        }
        plan = try HistoryPlan(vendor, options, token: options.secret("token"))
    }
}
