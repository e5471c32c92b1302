internal import Networking
public import Platform

/// Coinbase Exchange: trades (`matches`), and best bid and ask at every trade (`ticker`). No key needed.
///
/// - Source: Coinbase Exchange documentation, "WebSocket Channels", "WebSocket Rate Limits", "Get product trades".
/// - Units: prices and sizes are decimal text; times are RFC 3339 with microseconds.
/// - Gaps: the numbers of a product's trades rise by one. The first message after subscribing is the last trade, which
///   shows at once what was missed.
public struct CoinbaseFeed: Feed {
    public static let spec = Spec(
        "coinbase", "Coinbase Exchange trades, and best bid and ask at every trade; no key needed.",
        options: LiveOptions.shared(
            symbols: "BTC-USD", channels: "trades,quotes", choices: ["trades", "quotes"], stale: "30s") + [
                .text("venue", default: "COINBASE", "Venue of the instruments."),
                .text("url", default: "wss://ws-feed.exchange.coinbase.com", "Endpoint of the feed."),
                .text("history_url", default: "https://api.exchange.coinbase.com", "Endpoint of missed trades."),
            ],
        example: """
            coinbase: { symbols: [BTC-USD, ETH-USD], channels: [trades, quotes] }
            """)

    /// Products asked for with one message.
    static let productsPerOrder = 100

    /// How the line is spoken.
    let venue: LiveVenue
    private let patience: GapFill.Patience?
    /// What asks for missed trades; nil where nothing does.
    let client: (any HistoryClient)?

    public init(_ options: Options) throws(ConfigError) {
        let shared = LiveOptions(options)
        let symbols = try shared.symbols(example: "BTC-USD")
        let channels = try shared.channels()
        let names = [("trades", "matches"), ("quotes", "ticker")].filter { channels.contains($0.0) }.map(\.1)
        var policy = try shared.policy()
        policy.orderIntervalNs = 150_000_000
        patience = try shared.patience()
        let base = try shared.historyBase(default: "https://api.exchange.coinbase.com")
        let history = channels.contains("trades") ? CoinbaseHistory(base: base) : nil
        do {
            client = history == nil || patience == nil ? nil : try shared.historyClient()
        } catch {
            throw options.error("authorities", error.description)
        }
        // One product's heartbeat, every second, tells a quiet market from a dead line.
        let heartbeat = Self.order("subscribe", symbols[...0], ["heartbeat"])
        let orders = stride(from: 0, to: symbols.count, by: Self.productsPerOrder).map { start in
            Self.order("subscribe", symbols[start..<min(symbols.count, start + Self.productsPerOrder)], names)
        }
        venue = LiveVenue(
            name: Self.spec.name, url: try shared.url(default: "wss://ws-feed.exchange.coinbase.com"),
            subscribe: orders + [heartbeat],
            unsubscribe: [Self.order("unsubscribe", symbols[...], names + ["heartbeat"])],
            settings: SessionSettings(
                decoder: "coinbase", values: ["venue": options.text("venue"), "continues": "true"]),
            connection: shared.connection, policy: policy, history: history)
    }

    private static func order(_ type: String, _ products: ArraySlice<String>, _ channels: [String]) -> String {
        let (products, channels) = (products.map(JSONText.quoted), channels.map(JSONText.quoted))
        return
            "{\"type\":\"\(type)\",\"product_ids\":[\(products.joined(separator: ","))],\"channels\":[\(channels.joined(separator: ","))]}"
    }

    public var settings: String { venue.settings.text }

    public func makeSource() throws -> any FeedSource {
        WebSocketTransport([venue], client: client, patience: patience ?? GapFill.Patience())
    }
}

/// Trades below a number, a thousand at a time, falling.
private struct CoinbaseHistory: TradeHistory {
    let base: String
    /// Half of the ten requests a second that the venue takes.
    let intervalNs: Int64 = 200_000_000

    func request(_ gap: SequenceGap) throws(NetworkError) -> HistoryRequest {
        let url = try HTTPURL("\(base)/products/\(PercentEncoding.encode(gap.symbol))/trades")
            .adding("after", "\(gap.last + 1)").adding("limit", "\(min(gap.count, 1000))")
        return HistoryRequest(url: url)
    }
}
