public import Platform

/// Yahoo Finance: bars with adjusted closes, dividends, splits and instruments, from the chart interface of its pages.
///
/// - Source: none of the vendor's; the interface is what its own pages and many programs use, and can change.
/// - Units: prices adjusted for splits, adjusted closes also for dividends; seconds since 1970, of days the moment at
///   which trading began, from which the day of the exchange is taken.
/// - Gaps: what is missing is asked for again with every round; corrections become revisions.
public struct YahooFeed: HistoryFeed {
    public static let spec = Spec(
        "yahoo", "Bars, dividends, splits and instruments from Yahoo Finance charts.",
        options: [
            HistoryPlan.Common.symbols(), HistoryPlan.Common.venue("YAHOO"),
            HistoryPlan.Common.interval(["1m", "5m", "15m", "30m", "1h", "1d", "1w", "1mo"]), HistoryPlan.Common.from,
            HistoryPlan.Common.overlap, HistoryPlan.Common.every("6h"), HistoryPlan.Common.limits("30/m"),
            HistoryPlan.Common.zone, HistoryPlan.Common.implausible,
            HistoryPlan.Common.url("https://query1.finance.yahoo.com"), HistoryPlan.Common.authorities,
        ],
        example: "yahoo: { symbols: [AAPL, \"XETRA:SAP=SAP.DE\"], venue: US, from: 2010-01-01 }")

    let plan: HistoryPlan
    private static let words = ["1h": "60m", "1w": "1wk"]
    /// Longest stretch that the interface answers at once, in days.
    private static let windows: [String: Int64] = ["1m": 7, "5m": 55, "15m": 55, "30m": 55, "1h": 700]

    public init(_ options: Options) throws(ConfigError) {
        let interval = options.text("interval")
        let root = "chart.result[0]"
        let quote = "\(root).indicators.quote[0]"
        var mapping = AnswerMapping(source: "yahoo", kind: .bars)
        mapping.interval = interval
        mapping.layout = .columns
        mapping.timeFormat = .seconds
        mapping.errors = ["chart.error.description"]
        mapping.main.fields = [
            "time": "\(root).timestamp", "adjusted_close": "\(root).indicators.adjclose[0].adjclose",
        ]
        for name in ["open", "high", "low", "close", "volume"] { mapping.main.fields[name] = "\(quote).\(name)" }
        mapping.dividends = .init(rows: "\(root).events.dividends", fields: ["time": "date", "amount": "amount"])
        mapping.splits = .init(
            rows: "\(root).events.splits",
            fields: ["time": "date", "numerator": "numerator", "denominator": "denominator"])
        for (name, path) in [
            ("zone", "exchangeTimezoneName"), ("name", "longName"), ("currency", "currency"),
            ("type", "instrumentType"),
            ("listed", "firstTradeDate"),
        ] {
            mapping.about[name] = "\(root).meta.\(path)"
        }
        let path =
            "/v8/finance/chart/{symbol}?period1={from}&period2={to}&interval=\(Self.words[interval] ?? interval)"
            + "&events=div%2Csplit&includePrePost=false"
        var vendor = RESTVendor(url: try HistoryPlan.template(options, path), mapping: mapping)
        vendor.dates = .seconds
        vendor.windowNs = (Self.windows[interval] ?? 0) * Timestamp.nanosecondsPerDay
        // Programs that name themselves are refused.
        vendor.headers = [HistoryPlan.template("User-Agent: Mozilla/5.0")]
        vendor.throttle = ["Too Many Requests", "Edge: Too Many Requests"]
        plan = try HistoryPlan(vendor, options)
    }
}
