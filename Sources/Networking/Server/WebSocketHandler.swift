/// Serves the WebSocket connections of one path.
///
/// - Threading: called on the server's thread; must return quickly and never wait.
public protocol WebSocketHandler: AnyObject, Sendable {
    /// Decides on an upgrade; the answer given is sent instead of the upgrade.
    func refusal(of request: HTTPRequest) -> HTTPResponse?
    /// A client is connected; messages may be sent from here on.
    func opened(_ connection: WebSocketConnection, request: HTTPRequest)
    /// A whole message arrived; `message` is valid during the call. Text is valid UTF-8.
    func received(_ message: RawSpan, isText: Bool, from connection: WebSocketConnection)
    /// The connection is gone; comes once for each `opened`. `code` is 1006 where the peer sent no close frame.
    func closed(_ connection: WebSocketConnection, code: UInt16, reason: String)
}

extension WebSocketHandler {
    public func refusal(of request: HTTPRequest) -> HTTPResponse? { nil }
}
