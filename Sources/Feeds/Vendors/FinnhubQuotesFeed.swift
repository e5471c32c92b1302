internal import Networking
public import Platform

/// Finnhub: the day so far of stocks, asked for symbol by symbol (`/quote`).
///
/// - Source: Finnhub API documentation, "Quote".
/// - Units: prices as JSON numbers; `t` is seconds since 1970 UTC, `dp` percent of the previous close.
/// - Gaps: a poll that fails is asked again; what happened between two polls is not known.
public struct FinnhubQuotesFeed: HistoryFeed {
    public static let spec = Spec(
        "finnhub-quotes", "Finnhub quotes of the day so far, asked for at an interval.",
        options: [
            .secret("token", "API key; sent in a header field, never in an address."),
            HistoryPlan.Common.symbols(default: "AAPL,MSFT,TSLA,GOOGL,AMZN"), HistoryPlan.Common.venue("US"),
            .duration("every", default: "10s", "From one quote of a symbol to the next; calls are spread over it."),
            HistoryPlan.Common.limits("60/m,30/s"), HistoryPlan.Common.url("https://finnhub.io"),
            HistoryPlan.Common.authorities,
        ],
        example: "finnhub-quotes: { token: \"${FINNHUB_TOKEN}\", symbols: [AAPL, MSFT], every: 5s }")

    let plan: HistoryPlan

    public init(_ options: Options) throws(ConfigError) {
        var mapping = AnswerMapping(source: "finnhub", kind: .quotes)
        mapping.layout = .columns
        mapping.timeFormat = .seconds
        mapping.errors = ["error"]
        mapping.main.fields = [
            "current": "c", "change": "d", "percent": "dp", "high": "h", "low": "l", "open": "o",
            "previous_close": "pc", "time": "t",
        ]
        var vendor = RESTVendor(
            url: try HistoryPlan.template(options, "/api/v1/quote?symbol={symbol}"), mapping: mapping)
        vendor.headers = [HistoryPlan.template("X-Finnhub-Token: {token}")]
        var plan = try HistoryPlan(vendor, options, token: options.secret("token"))
        try plan.spread(options)
        self.plan = plan
    }
}

extension HistoryPlan {
    /// Spreads the calls over the interval.
    ///
    /// - Throws: `ConfigError` where the vendor's limits do not allow so many.
    mutating func spread(_ options: Options) throws(ConfigError) {
        policy.isSpread = true
        let calls = order.symbols.count
        guard policy.intervalNs > 0 else {
            throw options.error("every", "is no time span to spread calls over", suggestion: "write `10s`")
        }
        guard let limit = vendor.limits.first(where: { $0.shortestNs(forCalls: calls) > policy.intervalNs }) else {
            return
        }
        let seconds = (limit.shortestNs(forCalls: calls) + 999_999_999) / 1_000_000_000
        throw options.error(
            "every", "is too short for \(calls) symbols within the limit of \(limit)",
            suggestion: "write `\(seconds)s` or more")
    }
}
