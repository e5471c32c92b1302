public import Platform

/// Stooq: bars of days, weeks and months of stocks, indices, currencies and commodities of many countries, as CSV.
///
/// - Source: stooq.com, "Download data in csv file" on the page of historical data.
/// - Units: prices as the vendor adjusts them, for splits and dividends; days of the exchange.
/// - Gaps: what is missing is asked for again with every round; corrections become revisions.
public struct StooqFeed: HistoryFeed {
    public static let spec = Spec(
        "stooq", "Bars of days, weeks and months from Stooq.",
        options: [
            HistoryPlan.Common.symbols(), HistoryPlan.Common.venue("STOOQ"),
            HistoryPlan.Common.interval(["1d", "1w", "1mo"]), HistoryPlan.Common.from, HistoryPlan.Common.overlap,
            HistoryPlan.Common.every("6h"), HistoryPlan.Common.limits("30/m,200/d"), HistoryPlan.Common.zone,
            HistoryPlan.Common.implausible, HistoryPlan.Common.url("https://stooq.com"), HistoryPlan.Common.authorities,
        ],
        example: "stooq: { symbols: [\"US:AAPL=aapl.us\", \"SPX=^spx\"], from: 2015-01-01 }")

    let plan: HistoryPlan

    public init(_ options: Options) throws(ConfigError) {
        let interval = options.text("interval")
        var mapping = AnswerMapping(source: "stooq", kind: .bars)
        mapping.format = .csv
        mapping.interval = interval
        mapping.main.fields = [
            "time": "Date", "open": "Open", "high": "High", "low": "Low", "close": "Close", "volume": "Volume",
        ]
        let letter = ["1w": "w", "1mo": "m"][interval] ?? "d"
        let query = "/q/d/l/?s={symbol}&d1={from}&d2={to}&i=\(letter)"
        var vendor = RESTVendor(url: try HistoryPlan.template(options, query), mapping: mapping)
        vendor.dates = .compact
        vendor.throttle = ["Exceeded the daily hits limit"]
        plan = try HistoryPlan(vendor, options)
    }
}
