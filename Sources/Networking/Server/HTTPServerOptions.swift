extension HTTPServer {
    /// How a server listens and what it tolerates.
    public struct Options: Sendable {
        /// Numeric address or `localhost`.
        public var host = "127.0.0.1"
        /// Port; 0 takes any free one (see `HTTPServer.port`).
        public var port = 8080
        /// Allows an address other than loopback. Without it such a `host` is an error.
        public var allowRemote = false
        /// Further names that a `Host` header may carry; loopback names always may.
        public var hostNames: [String] = []
        /// PEM files; both or none. With them the server speaks TLS only.
        public var certificatePath: String?
        public var privateKeyPath: String?
        /// Limit of request line and header fields together, in bytes (431 beyond).
        public var maxHeaderBytes = 16 << 10
        /// Limit of a request body, in bytes (413 beyond).
        public var maxBodyBytes = 1 << 20
        /// Another limit for everything below a path, by that path with the slash at its end.
        public var maxBodyBytesBelow: [String: Int] = [:]
        /// Bytes of bodies that all connections may be receiving at once; requests beyond are answered 429.
        public var maxIncomingBytes = 128 << 20
        /// Connections open at once; further ones are closed at accept.
        public var maxConnections = 1024
        /// A request must be complete so long after its first byte (408 beyond).
        public var requestTimeoutNs: Int64 = 10_000_000_000
        /// A connection may wait so long for its next request.
        public var idleTimeoutNs: Int64 = 60_000_000_000
        /// A handler must answer in this time (504 beyond).
        public var responseTimeoutNs: Int64 = 120_000_000_000
        /// A peer that takes no bytes for so long is dropped.
        public var writeTimeoutNs: Int64 = 15_000_000_000
        /// Limit of a received WebSocket message, in bytes (close 1009 beyond).
        public var maxMessageBytes = 64 << 10
        /// Messages that may wait for one WebSocket client.
        public var queueMessages = 8192
        /// Bytes that may wait for one WebSocket client.
        public var queueBytes = 4 << 20
        /// Messages to WebSocket clients leave in turns that begin at least so far apart; the first after a pause at once.
        public var gatherNs: Int64 = 200_000
        /// Silence after which a WebSocket client is pinged; it must answer in the same time again.
        public var pingIntervalNs: Int64 = 20_000_000_000

        public init() {}
    }
}
