internal import CWebSockets
internal import Synchronization

/// One connection to a WebSocket server, made anew for each attempt; all clients share a thread, those with certificate
/// authorities of their own another one.
///
/// - Threading: any thread.
public final class WebSocketClient: Sendable {
    /// How to connect and what to tolerate.
    public struct Options: Sendable {
        /// Further header fields of the upgrade request.
        public var headers: HTTPHeaders = [:]
        /// Whether the server's certificate must be trusted and fit its name.
        public var verifiesCertificate = true
        /// PEM file of the only authorities to trust; nil trusts the system's.
        public var authorityFile: String?
        /// Limit of a message, in bytes; a larger one ends the connection.
        public var maxMessageBytes = 16 << 20
        /// The connection must be up so long after the start.
        public var connectTimeoutNs: Int64 = 10_000_000_000
        /// Silence after which the server is pinged.
        public var pingIntervalNs: Int64 = 15_000_000_000
        /// Silence (pongs count as sound) after which the connection is given up: the peer may be half-open.
        public var silenceTimeoutNs: Int64 = 45_000_000_000

        public init() {}
    }

    private let connection: ClientConnection
    /// Where it connects to; its description hides keys.
    public let url: WebSocketURL

    /// Starts to connect.
    ///
    /// - Throws: `NetworkError` where the library cannot be set up or the authority file cannot be read. Everything
    ///   that happens later comes through `delegate`, which is kept until `ended`.
    public init(
        _ url: WebSocketURL, options: Options = Options(), delegate: any WebSocketClientDelegate
    ) throws(NetworkError) {
        self.url = url
        connection = try ClientLoop.connect(url, options: options, delegate: delegate)
    }

    deinit { connection.abandon() }

    /// Queues a text message.
    public func send(_ text: String) { connection.send(Array(text.utf8)) }

    /// Sends what is queued, then says goodbye; `ended` follows within about a second.
    public func close(code: UInt16 = 1000) { connection.close(code: code) }

    /// Waits until the connection has ended, `ended` included. Not in a call of the delegate.
    public func join() { connection.join() }
}
