public import Platform

/// Tiingo: bars of days with adjusted closes, dividends and splits, intraday bars of IEX, and instruments.
///
/// - Source: Tiingo API documentation, sections "End-of-Day" and "IEX".
/// - Units: prices not adjusted, closes also adjusted for splits and dividends; days of the exchange, intraday times in UTC.
/// - Gaps: what is missing is asked for again with every round; corrections become revisions.
public struct TiingoFeed: HistoryFeed {
    public static let spec = Spec(
        "tiingo", "Bars, dividends, splits and instruments from Tiingo.",
        options: [
            .secret("token", "API token."), HistoryPlan.Common.symbols(), HistoryPlan.Common.venue("TIINGO"),
            HistoryPlan.Common.interval(["1m", "5m", "15m", "30m", "1h", "1d"]), HistoryPlan.Common.from,
            HistoryPlan.Common.overlap, HistoryPlan.Common.every("6h"), HistoryPlan.Common.limits("50/h,1000/d"),
            HistoryPlan.Common.zone, HistoryPlan.Common.implausible,
            .boolean("instruments", default: "true", "Whether to ask what is known of each symbol, once per start."),
            HistoryPlan.Common.url("https://api.tiingo.com"), HistoryPlan.Common.authorities,
        ],
        example: "tiingo: { token: \"${TIINGO_TOKEN}\", symbols: [AAPL, MSFT], venue: US, from: 2010-01-01 }")

    let plan: HistoryPlan
    private static let frequencies = ["1m": "1min", "5m": "5min", "15m": "15min", "30m": "30min", "1h": "1hour"]

    public init(_ options: Options) throws(ConfigError) {
        let interval = options.text("interval")
        var mapping = AnswerMapping(source: "tiingo", kind: .bars)
        mapping.interval = interval
        mapping.errors = ["detail"]
        mapping.main.fields = ["time": "date", "open": "open", "high": "high", "low": "low", "close": "close"]
        mapping.main.fields["volume"] = "volume"
        var path = "/iex/{symbol}/prices?startDate={from}&endDate={to}"
        if let frequency = Self.frequencies[interval] {
            path += "&resampleFreq=\(frequency)&columns=open,high,low,close,volume"
        } else {
            path = "/tiingo/daily/{symbol}/prices?startDate={from}&endDate={to}&format=json"
            mapping.main.fields.merge(["adjusted_close": "adjClose", "dividend": "divCash", "split": "splitFactor"]) {
                $1
            }
        }
        var vendor = RESTVendor(url: try HistoryPlan.template(options, path), mapping: mapping)
        vendor.headers = [HistoryPlan.template("Authorization: Token {token}")]
        vendor.throttle = ["You have run over your", "Error: You have exceeded"]
        // Answers about minutes are cut off at some thousand rows.
        if Self.frequencies[interval] != nil { vendor.windowNs = 7 * Timestamp.nanosecondsPerDay }
        if options.boolean("instruments") {
            var about = AnswerMapping(source: "tiingo", kind: .instruments)
            about.layout = .columns
            about.errors = ["detail"]
            about.about = ["name": "name", "listed": "startDate"]
            vendor.about = (try HistoryPlan.template(options, "/tiingo/daily/{symbol}"), about)
        }
        plan = try HistoryPlan(vendor, options, token: options.secret("token"))
    }
}
