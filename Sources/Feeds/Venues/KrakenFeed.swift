internal import Foundation
internal import Networking
public import Platform

/// Kraken spot, WebSocket v2: trades, and best bid and ask on every change. No key needed.
///
/// - Source: Kraken documentation, "Spot WebSocket v2": `trade`, `ticker`, `heartbeat`; "Spot REST": "Get Recent Trades".
/// - Units: prices and sizes are JSON numbers; times are RFC 3339 with microseconds.
/// - Gaps: the numbers of a pair's trades rise by one. Subscribing brings the last fifty trades, which fills short gaps.
public struct KrakenFeed: Feed {
    public static let spec = Spec(
        "kraken", "Kraken spot trades and best bid and ask; no key needed.",
        options: LiveOptions.shared(
            symbols: "BTC/USD", channels: "trades,quotes", choices: ["trades", "quotes"], stale: "30s") + [
                .text("venue", default: "KRAKEN", "Venue of the instruments."),
                .text("url", default: "wss://ws.kraken.com/v2", "Endpoint of the feed."),
                .text("history_url", default: "https://api.kraken.com", "Endpoint of missed trades."),
            ],
        example: """
            kraken: { symbols: [BTC/USD, ETH/USD], channels: [trades, quotes] }
            """)

    /// Pairs asked for with one message.
    static let pairsPerOrder = 100

    /// How the line is spoken.
    let venue: LiveVenue
    private let patience: GapFill.Patience?
    /// What asks for missed trades; nil where nothing does.
    let client: (any HistoryClient)?

    public init(_ options: Options) throws(ConfigError) {
        let shared = LiveOptions(options)
        let symbols = try shared.symbols(example: "BTC/USD")
        let channels = try shared.channels()
        // The ticker comes with every change of best bid and ask rather than with every trade.
        let parameters = [
            ("trades", "\"channel\":\"trade\""), ("quotes", "\"channel\":\"ticker\",\"event_trigger\":\"bbo\""),
        ]
        .filter { channels.contains($0.0) }.map(\.1)
        var policy = try shared.policy()
        policy.orderIntervalNs = 250_000_000
        patience = try shared.patience()
        let base = try shared.historyBase(default: "https://api.kraken.com")
        let history = channels.contains("trades") ? KrakenHistory(base: base) : nil
        do {
            client = history == nil || patience == nil ? nil : try shared.historyClient()
        } catch {
            throw options.error("authorities", error.description)
        }
        let orders = stride(from: 0, to: symbols.count, by: Self.pairsPerOrder).flatMap { start in
            let part = symbols[start..<min(symbols.count, start + Self.pairsPerOrder)]
            return parameters.map { Self.order("subscribe", part, $0 + ",\"snapshot\":true") }
        }
        venue = LiveVenue(
            name: Self.spec.name, url: try shared.url(default: "wss://ws.kraken.com/v2"), subscribe: orders,
            unsubscribe: parameters.map { Self.order("unsubscribe", symbols[...], $0) },
            settings: SessionSettings(
                decoder: "kraken", values: ["venue": options.text("venue"), "continues": "true"]),
            connection: shared.connection, policy: policy, history: history)
    }

    private static func order(_ method: String, _ pairs: ArraySlice<String>, _ parameters: String) -> String {
        let names = pairs.map(JSONText.quoted).joined(separator: ",")
        return "{\"method\":\"\(method)\",\"params\":{\(parameters),\"symbol\":[\(names)]}}"
    }

    public var settings: String { venue.settings.text }

    public func makeSource() throws -> any FeedSource {
        WebSocketTransport([venue], client: client, patience: patience ?? GapFill.Patience())
    }
}

/// Trades behind a moment, a thousand at a time, rising.
struct KrakenHistory: TradeHistory {
    let base: String
    /// The venue takes about one request a second.
    let intervalNs: Int64 = 1_500_000_000

    func request(_ gap: SequenceGap) throws(NetworkError) -> HistoryRequest {
        // The trade at that moment is known, others of the same microsecond may not be.
        let url = try HTTPURL(base + "/0/public/Trades").adding("pair", Self.restName(gap.symbol))
            .adding("since", "\(max(0, gap.afterNs - 1))").adding("count", "1000")
        return HistoryRequest(url: url)
    }

    /// The venue answers `{"error":["EGeneral:Too many requests"]}` and the like with status 200.
    func refusal(in body: [UInt8]) -> HistoryRefusal? {
        let answer = (try? JSONSerialization.jsonObject(with: Data(body))) as? [String: Any]
        guard let errors = answer?["error"] as? [String] else {
            return HistoryRefusal(reason: "something that is not its form", isThrottling: false)
        }
        guard !errors.isEmpty else { return nil }
        let reason = errors.joined(separator: ", ")
        return HistoryRefusal(
            reason: reason,
            isThrottling: ["Too many requests", "Rate limit", "Unavailable", "Busy"].contains(where: reason.contains))
    }

    /// The REST interface's name of a pair: without the stroke, Bitcoin as XBT and Dogecoin as XDG.
    static func restName(_ pair: String) -> String {
        pair.split(separator: "/").map { $0 == "BTC" ? "XBT" : $0 == "DOGE" ? "XDG" : String($0) }.joined()
    }
}
