internal import Networking

/// How one venue is spoken to over a WebSocket: pure text.
struct LiveVenue: Sendable {
    /// Name of the feed.
    var name: String
    /// Where to connect, key included: only its description may be shown.
    var url: WebSocketURL
    /// Messages that ask for data, sent on every new connection.
    var subscribe: [String]
    /// Messages that end it.
    var unsubscribe: [String]
    /// What the decoder needs, without secrets; the transport adds the number of the connection and the address.
    var settings: SessionSettings
    var connection = WebSocketClient.Options()
    var policy = LiveSession.Policy()
    /// Where trades that were missed can be asked for; nil where the venue does not tell which those are.
    var history: (any TradeHistory)?

    /// Settings of one connection.
    func settings(epoch: Int) -> String {
        var settings = settings
        settings.values["epoch"] = "\(epoch)"
        settings.values["url"] = "\(url)"
        return settings.text
    }
}
