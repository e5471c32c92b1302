public import Platform

/// An HTTP/1.1 and WebSocket server on its own thread, named `server`.
///
/// - Threading: any thread. Handlers run on the server's thread and must not wait there: a slow answer is given later,
///   through its responder, from another thread.
public final class HTTPServer: Sendable {
    /// Takes one request and answers it through the responder, now or later.
    public typealias Handler = @Sendable (HTTPRequest, HTTPResponder) -> Void

    private let loop: ServerLoop
    /// What it was started with.
    public let options: Options
    /// The port it listens on.
    public let port: Int

    /// Opens the socket and starts to serve.
    ///
    /// - Parameters:
    ///   - webSockets: handler by path, for example `/api/v1/stream`.
    ///   - handler: gets every other request that passes the host and origin checks.
    /// - Throws: `NetworkError` where an option is wrong or the address cannot be listened on.
    public init(
        options: Options = Options(), metrics: Metrics = Metrics(), webSockets: [String: any WebSocketHandler] = [:],
        handler: @escaping Handler
    ) throws(NetworkError) {
        self.options = options
        loop = try ServerLoop(options: options, metrics: metrics, webSockets: webSockets, handler: handler)
        port = loop.port
        loop.start()
    }

    deinit { loop.requestStop() }

    /// Address for people and links, for example `http://127.0.0.1:8080`.
    public var url: String {
        let host = options.host.contains(":") ? "[\(options.host)]" : options.host
        return "\(options.certificatePath == nil ? "http" : "https")://\(host):\(port)"
    }

    /// Connections open now, WebSocket clients included.
    public var connectionCount: Int { loop.connectionCount }

    /// Says goodbye to all clients, gives answers under way a second to leave, and ends the thread.
    public func stop() {
        loop.requestStop()
        loop.join()
    }
}
