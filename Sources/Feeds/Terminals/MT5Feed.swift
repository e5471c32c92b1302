internal import Networking
public import Platform

/// MetaTrader 5 through the bridge beside the terminal (`bridges/mt5`): every tick, positions, deals.
///
/// - Source: docs/feeds/mt5-protocol.md.
/// - Units: times are milliseconds of the broker's clock, with its measured offset from UTC in each message.
/// - Gaps: none. The bridge sends again what was not acknowledged, and a frame is acknowledged once the journal holds it
///   durably. What comes twice is dropped by its identity: of a tick its millisecond and place in it, of a deal its ticket.
public struct MT5Feed: Feed {
    public static let spec = Spec(
        "mt5", "MetaTrader 5 terminal, through the bridge in bridges/mt5.",
        options: [
            .text("url", default: "ws://127.0.0.1:8765", "Address of the bridge."),
            .secret("token", default: "", "The bridge's token; needed where it is not on this machine."),
            .list("symbols", default: "", "Symbols as the terminal names them, for example EURUSD."),
            .boolean("account", default: "true", "Also positions and deals."),
            .duration("history", default: "0s", "How far back to begin with symbols that the bridge has not sent yet."),
            .text("client", default: "tapedeck", "Name under which the bridge remembers what was acknowledged."),
            .text("venue", default: "MT5", "Venue of the symbols, for example the broker's name."),
            .duration(
                "stale", default: "30s", "Silence (heartbeats included) after which the connection is made anew."),
            .text("authorities", default: "", "PEM file of the only certificate authorities to trust."),
        ],
        example: """
            mt5: { url: "wss://terminal.example:8765", token: "${BRIDGE_TOKEN}", symbols: [EURUSD, XAUUSD] }
            """)

    /// How the line is spoken.
    let venue: LiveVenue

    public init(_ options: Options) throws(ConfigError) {
        let symbols = options.list("symbols")
        guard !symbols.isEmpty || options.boolean("account") else {
            throw options.error(
                "symbols", "names no symbol, and the account is not asked for", suggestion: "write `[EURUSD]`")
        }
        for (index, symbol) in symbols.enumerated() where symbols[..<index].contains(symbol) {
            throw options.error("symbols", element: index, "names \(symbol) twice")
        }
        guard !options.text("client").isEmpty else {
            throw options.error("client", "is empty", suggestion: "write `tapedeck`")
        }
        var connection = WebSocketClient.Options()
        if options.isSet("authorities") { connection.authorityFile = options.text("authorities") }
        if !options.secret("token").isEmpty {
            connection.headers = ["Authorization": "Bearer \(options.secret("token"))"]
        }
        var policy = LiveSession.Policy()
        policy.staleNs = options.durationNs("stale")
        // The bridge is the user's own: it can be asked often.
        policy.reconnect.maxNs = 10_000_000_000
        guard policy.staleNs > 0 else { throw options.error("stale", "is not a time span", suggestion: "write `30s`") }
        let messages = MT5Messages(
            symbols: symbols, wantsAccount: options.boolean("account"),
            historySeconds: options.durationNs("history") / 1_000_000_000)
        venue = LiveVenue(
            name: Self.spec.name, url: try Self.url(options), subscribe: [messages.subscribe],
            unsubscribe: [messages.unsubscribe],
            settings: SessionSettings(
                decoder: "mt5", values: ["venue": options.text("venue"), "continues": "true"]),
            connection: connection, policy: policy, acknowledge: MT5Messages.acknowledge)
    }

    private static func url(_ options: Options) throws(ConfigError) -> WebSocketURL {
        do {
            return try WebSocketURL(options.text("url")).adding("client", options.text("client"))
        } catch {
            throw options.error("url", error.message, suggestion: "write `ws://127.0.0.1:8765`")
        }
    }

    public var settings: String { venue.settings.text }

    public func makeSource() throws -> any FeedSource { WebSocketTransport(venue) }
}
