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
    /// The message that acknowledges so many frames of a connection, to a peer that sends again what was not
    /// acknowledged; sent for frames that are durable.
    var acknowledge: (@Sendable (_ frames: Int) -> String)?

    /// Venues of what is asked for: while all of them are closed, silence is no fault.
    var venues: Set<String> = []
    /// Tells apart the lines of a feed that has several; empty where it has one.
    var line = ""

    /// Settings of one connection.
    func settings(epoch: Int) -> String {
        var settings = settings
        settings.values["epoch"] = "\(epoch)"
        if !line.isEmpty { settings.values["line"] = line }
        settings.values["url"] = "\(url)"
        return settings.text
    }
}
