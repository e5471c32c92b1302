internal import Market
internal import Networking
public import Platform

/// Finnhub: trades of stocks, currencies and crypto currencies.
///
/// - Source: Finnhub API documentation, "Trades - Last Price Updates" (WebSocket).
/// - Units: price and volume are JSON numbers, `t` is milliseconds since 1970 UTC.
/// - Gaps: there is no trade id and no sequence; what is missed while disconnected is not sent again. One connection
///   per key: a second one ends the first.
public struct FinnhubFeed: Feed {
    public static let spec = Spec(
        "finnhub", "Finnhub trades over its WebSocket.",
        options: [
            .secret("token", "API key."),
            .list("symbols", "Symbols, for example AAPL or BINANCE:BTCUSDT."),
            .text("url", default: "wss://ws.finnhub.io", "Endpoint, without the key."),
            .text("venue", default: "US", "Venue of symbols that do not name one."),
            .integer(
                "symbol_limit", default: "50",
                "Symbols that the plan of the key allows on its connection (50 for free ones); 0 for no limit."),
            .duration("stale", default: "90s", "Silence after which the connection is made anew."),
            .text("authorities", default: "", "PEM file of the only certificate authorities to trust."),
        ],
        example: """
            finnhub: { token: "${FINNHUB_TOKEN}", symbols: [AAPL, "BINANCE:BTCUSDT"] }
            """)

    /// How the line is spoken.
    let venue: LiveVenue

    public init(_ options: Options) throws(ConfigError) {
        let symbols = options.list("symbols")
        guard !symbols.isEmpty else { throw options.error("symbols", "names no symbol", suggestion: "write `[AAPL]`") }
        for (index, symbol) in symbols.enumerated() where symbols[..<index].contains(symbol) {
            throw options.error("symbols", element: index, "names \(symbol) twice")
        }
        let limit = options.integer("symbol_limit")
        guard limit <= 0 || symbols.count <= limit else {
            throw options.error(
                "symbols", "names \(symbols.count) symbols, more than the plan's \(limit)",
                suggestion: "leave some out, or set `symbol_limit` to what your plan allows")
        }
        let url: WebSocketURL
        do {
            url = try WebSocketURL(options.text("url")).adding("token", options.secret("token"))
        } catch {
            throw options.error("url", error.message, suggestion: "write `wss://ws.finnhub.io`")
        }
        var connection = WebSocketClient.Options()
        if options.isSet("authorities") { connection.authorityFile = options.text("authorities") }
        var policy = LiveSession.Policy()
        policy.staleNs = options.durationNs("stale")
        guard policy.staleNs > 0 else { throw options.error("stale", "is not a time span", suggestion: "write `90s`") }
        venue = LiveVenue(
            name: Self.spec.name, url: url, subscribe: symbols.map { Self.order("subscribe", $0) },
            unsubscribe: symbols.map { Self.order("unsubscribe", $0) },
            settings: SessionSettings(
                decoder: "finnhub", values: ["venue": options.text("venue"), "continues": "true"]),
            connection: connection, policy: policy,
            venues: Set(symbols.map { $0.contains(":") ? Instrument($0).venue : options.text("venue") }))
    }

    private static func order(_ type: String, _ symbol: String) -> String {
        "{\"type\":\"\(type)\",\"symbol\":\(JSONText.quoted(symbol))}"
    }

    public var settings: String { venue.settings.text }

    public func makeSource() throws -> any FeedSource { WebSocketTransport(venue) }
}
