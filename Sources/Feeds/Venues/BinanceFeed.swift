internal import Networking
public import Platform

/// Binance, spot and futures: trades, aggregate trades, best bid and ask. No key needed.
///
/// - Source: Binance open platform documentation, "WebSocket Streams" and "Market data endpoints".
/// - Units: prices and sizes are decimal text; times are milliseconds since 1970 UTC. Spot best bid and ask have no time.
/// - Gaps: the numbers of an instrument's trades, and of its aggregate trades, rise by one. The venue ends connections
///   after 24 hours; a successor is opened ten minutes before.
public struct BinanceFeed: Feed {
    public static let spec = Spec(
        "binance", "Binance trades and best bid and ask, spot and futures; no key needed.",
        options: LiveOptions.shared(
            symbols: "BTCUSDT", channels: "trades,quotes", choices: ["trades", "aggregate_trades", "quotes"],
            stale: "5m") + [
                .text(
                    "market", default: "spot", choices: ["spot", "usdm", "coinm"],
                    "Spot, or futures margined in dollars or in coins."),
                .text(
                    "venue", default: "", "Venue of the instruments; BINANCE, BINANCE_USDM or BINANCE_COINM if empty."),
                .text("url", default: "", "Endpoint of the streams, in place of the market's own."),
                .text("history_url", default: "", "Endpoint of missed trades, in place of the market's own."),
                .secret("key", default: "", "API key, which futures ask for to give out missed single trades."),
            ],
        example: """
            binance: { symbols: [BTCUSDT, ETHUSDT], channels: [trades, quotes] }
            """)

    /// What differs between the markets.
    struct Market {
        let venue: String
        let stream: String
        let history: String
        /// Path in front of the history's endpoints.
        let path: String
        /// Least time between two requests: half of the venue's limit on the weight of requests.
        let historyIntervalNs: Int64
        /// Whether single trades of the past are only given to those who have a key.
        let needsKey: Bool

        static func named(_ name: String) -> Market {
            switch name {
            case "usdm":
                Market(
                    venue: "BINANCE_USDM", stream: "wss://fstream.binance.com/stream",
                    history: "https://fapi.binance.com", path: "/fapi/v1", historyIntervalNs: 1_000_000_000,
                    needsKey: true)
            case "coinm":
                Market(
                    venue: "BINANCE_COINM", stream: "wss://dstream.binance.com/stream",
                    history: "https://dapi.binance.com", path: "/dapi/v1", historyIntervalNs: 1_000_000_000,
                    needsKey: true)
            default:
                Market(
                    venue: "BINANCE", stream: "wss://stream.binance.com:9443/stream",
                    history: "https://api.binance.com", path: "/api/v3", historyIntervalNs: 500_000_000,
                    needsKey: false)
            }
        }
    }

    /// Streams that a connection may carry.
    static let streamsPerLine = 1024
    /// Streams asked for with one message.
    static let streamsPerOrder = 200
    /// Connections of one feed: with the waits between attempts they stay below 300 in five minutes.
    static let linesMax = 10

    /// How each connection is spoken.
    let lines: [LiveVenue]
    private let patience: GapFill.Patience?
    /// What asks for missed trades; nil where nothing does.
    let client: (any HistoryClient)?

    public init(_ options: Options) throws(ConfigError) {
        let shared = LiveOptions(options)
        let symbols = try shared.symbols(example: "BTCUSDT") { $0.uppercased() }
        let channels = try shared.channels()
        guard !channels.isSuperset(of: ["trades", "aggregate_trades"]) else {
            throw options.error(
                "channels", "names trades and aggregate_trades, which are the same trades under other numbers",
                suggestion: "choose one of them")
        }
        let market = Market.named(options.text("market"))
        let suffixes = [("trades", "trade"), ("aggregate_trades", "aggTrade"), ("quotes", "bookTicker")]
            .filter { channels.contains($0.0) }.map(\.1)
        let streams = symbols.flatMap { symbol in suffixes.map { "\(symbol.lowercased())@\($0)" } }
        guard streams.count <= Self.streamsPerLine * Self.linesMax else {
            throw options.error(
                "symbols", "asks for \(streams.count) streams; the venue takes \(Self.streamsPerLine * Self.linesMax)")
        }
        var policy = try shared.policy()
        policy.lifetimeNs = (23 * 60 + 50) * 60_000_000_000
        policy.orderIntervalNs = 250_000_000
        patience = try shared.patience()
        let base = try shared.historyBase(default: market.history) + market.path
        var history: BinanceHistory?
        if channels.contains("aggregate_trades") {
            history = BinanceHistory(endpoint: base + "/aggTrades", intervalNs: market.historyIntervalNs, key: "")
        } else if channels.contains("trades"), !market.needsKey || options.isSet("key") {
            history = BinanceHistory(
                endpoint: base + "/historicalTrades", intervalNs: market.historyIntervalNs,
                key: options.secret("key"))
        }
        do {
            client = history == nil || patience == nil ? nil : try shared.historyClient()
        } catch {
            throw options.error("authorities", error.description)
        }
        let url = try shared.url(default: market.stream)
        let venue = options.text("venue")
        let settings = SessionSettings(
            decoder: "binance", values: ["venue": venue.isEmpty ? market.venue : venue, "continues": "true"])
        lines = stride(from: 0, to: streams.count, by: Self.streamsPerLine).map { start in
            let part = streams[start..<min(streams.count, start + Self.streamsPerLine)]
            return LiveVenue(
                name: Self.spec.name, url: url, subscribe: Self.orders(Array(part)), unsubscribe: [],
                settings: settings, connection: shared.connection, policy: policy,
                history: history)
        }
    }

    private static func orders(_ streams: [String]) -> [String] {
        stride(from: 0, to: streams.count, by: streamsPerOrder).enumerated().map { number, start in
            let part = streams[start..<min(streams.count, start + streamsPerOrder)].map(JSONText.quoted)
            return "{\"method\":\"SUBSCRIBE\",\"params\":[\(part.joined(separator: ","))],\"id\":\(number + 1)}"
        }
    }

    public var settings: String { lines[0].settings.text }

    public func makeSource() throws -> any FeedSource {
        WebSocketTransport(lines, client: client, patience: patience ?? GapFill.Patience())
    }
}

/// Trades or aggregate trades from a number on, a thousand at a time, rising.
private struct BinanceHistory: TradeHistory {
    let endpoint: String
    let intervalNs: Int64
    let key: String

    func request(_ gap: SequenceGap) throws(NetworkError) -> HistoryRequest {
        let url = try HTTPURL(endpoint).adding("symbol", gap.symbol).adding("fromId", "\(gap.first)")
            .adding("limit", "\(min(gap.count, 1000))")
        return HistoryRequest(url: url, headers: key.isEmpty ? [:] : ["X-MBX-APIKEY": key])
    }
}
