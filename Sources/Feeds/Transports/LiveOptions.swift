internal import Networking
internal import Platform

/// Reads the options that feeds of public venues share.
struct LiveOptions {
    private let options: Options

    init(_ options: Options) { self.options = options }

    /// The options themselves, with the venue's own defaults.
    static func shared(
        symbols example: String, channels: String, choices: [String], stale: String
    ) -> [Spec.Option] {
        [
            .list("symbols", "Instruments as the venue names them, for example \(example)."),
            .list("channels", default: channels, choices: choices, "What to receive of every instrument."),
            .integer(
                "backfill", default: "1000000",
                "Most trades of a gap that are fetched from the venue's history; 0 fetches none."),
            .duration("stale", default: stale, "Silence after which the connection is made anew."),
            .text("authorities", default: "", "PEM file of the only certificate authorities to trust."),
        ]
    }

    /// At least one, none twice, each as `spelled` says.
    func symbols(example: String, spelled: (String) -> String = { $0 }) throws(ConfigError) -> [String] {
        let symbols = options.list("symbols").map(spelled)
        guard !symbols.isEmpty else {
            throw options.error("symbols", "names no instrument", suggestion: "write `[\(example)]`")
        }
        var seen = Set<String>()
        for (index, symbol) in symbols.enumerated() {
            guard !symbol.isEmpty, symbol.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
                throw options.error("symbols", element: index, "is no name of an instrument")
            }
            guard seen.insert(symbol).inserted else {
                throw options.error("symbols", element: index, "names \(symbol) twice")
            }
        }
        return symbols
    }

    func channels() throws(ConfigError) -> Set<String> {
        let channels = options.list("channels")
        guard !channels.isEmpty else {
            throw options.error("channels", "names no channel", suggestion: "write `[trades, quotes]`")
        }
        return Set(channels)
    }

    /// The option's address, or the venue's own where it is empty.
    func url(_ name: String = "url", default fallback: String) throws(ConfigError) -> WebSocketURL {
        let text = options.text(name)
        do {
            return try WebSocketURL(text.isEmpty ? fallback : text)
        } catch {
            throw options.error(name, error.message, suggestion: "write `\(fallback)`")
        }
    }

    /// The same for the venue's history: scheme, host and a path in front, without a slash behind.
    func historyBase(default fallback: String) throws(ConfigError) -> String {
        let name = "history_url"
        var text = options.text(name).isEmpty ? fallback : options.text(name)
        while text.hasSuffix("/") { text.removeLast() }
        do {
            _ = try HTTPURL(text)
        } catch {
            throw options.error(name, error.message, suggestion: "write `\(fallback)`")
        }
        guard !text.contains("?") else { throw options.error(name, "has a query", suggestion: "write `\(fallback)`") }
        return text
    }

    var connection: WebSocketClient.Options {
        var connection = WebSocketClient.Options()
        if options.isSet("authorities") { connection.authorityFile = options.text("authorities") }
        return connection
    }

    func policy() throws(ConfigError) -> LiveSession.Policy {
        var policy = LiveSession.Policy()
        policy.staleNs = options.durationNs("stale")
        guard policy.staleNs > 0 else { throw options.error("stale", "is not a time span", suggestion: "write `90s`") }
        return policy
    }

    /// How patiently gaps are filled; nil where they are not.
    func patience() throws(ConfigError) -> GapFill.Patience? {
        let most = options.integer("backfill")
        guard most >= 0 else { throw options.error("backfill", "is negative", suggestion: "write `0` to fetch none") }
        guard most > 0 else { return nil }
        var patience = GapFill.Patience()
        patience.tradesMax = most
        return patience
    }

    /// What asks for missed trades.
    func historyClient() throws(NetworkError) -> any HistoryClient {
        var client = HTTPClient.Options()
        if options.isSet("authorities") { client.authorityFile = options.text("authorities") }
        return try HTTPClient(client)
    }
}
