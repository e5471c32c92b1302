public import Platform

/// Follows one WebSocket connection.
///
/// - Threading: called on the clients' thread, one call at a time. A call that waits makes all peers wait.
public protocol WebSocketClientDelegate: AnyObject, Sendable {
    /// The connection is up.
    func opened()
    /// A whole message arrived.
    ///
    /// - Parameters:
    ///   - message: put together from its fragments; valid during the call. Text is as received, not checked as UTF-8.
    ///   - time: when its last bytes were read from the socket.
    func received(_ message: RawSpan, isText: Bool, at time: Timestamp)
    /// Some time has passed; comes several times a second.
    func ticked()
    /// The connection is gone or never came up; the last call, and there is exactly one.
    func ended(_ end: WebSocketEnd)
}

/// How a connection ended.
public enum WebSocketEnd: Sendable {
    /// By a close frame of either side; 1005 where it had no code.
    case closed(code: UInt16, reason: String)
    /// In any other way.
    case failed(NetworkError)
}
