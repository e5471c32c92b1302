public import Networking
public import Platform

/// Health, status and metrics of a process that has no tables to show, and the door for what is pushed to its feeds.
///
/// - Threading: any thread.
public final class ProcessServer: Sendable {
    private let server: HTTPServer

    /// Opens the interface.
    ///
    /// - Parameter ingest: takes every POST below `MarketServer.ingestPath`.
    /// - Throws: `NetworkError` where the address cannot be used.
    public init(
        options: HTTPServer.Options, metrics: Metrics, status: @escaping @Sendable () -> Status,
        ingest: HTTPServer.Handler? = nil
    ) throws {
        var router = HTTPRouter()
        router.on(.get, "/healthz") { _, responder in responder.respond(.json("{\"status\":\"ok\"}")) }
        router.on(.get, "/readyz") { _, responder in
            let status = status()
            var json = JSONWriter()
            status.writeReadiness(to: &json)
            responder.respond(.json(bytes: json.bytes, status: status.isReady ? 200 : 503))
        }
        router.on(.get, "/metrics") { _, responder in
            responder.respond(.text(metrics.text(), type: "text/plain; version=0.0.4; charset=utf-8"))
        }
        router.on(.get, "/api/v1/status") { _, responder in
            var json = JSONWriter()
            status().write(to: &json)
            responder.respond(.json(bytes: json.bytes))
        }
        if let ingest { router.on(.post, below: MarketServer.ingestPath, ingest) }
        router.fallback = { request in
            .error(404, code: "not_found", "this process of a pipeline has status and metrics only: see /api/v1/status")
        }
        let routes = router
        server = try HTTPServer(options: options, metrics: metrics) { request, responder in
            routes.handle(request, responder)
        }
    }

    /// Address for people.
    public var url: String { server.url }

    public func stop() { server.stop() }
}
