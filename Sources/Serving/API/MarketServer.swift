public import Databases
public import Market
public import Networking
public import Platform

/// The HTTP interface, the live stream and the dashboard of a running pipeline.
///
/// - Threading: any thread.
public final class MarketServer: Sendable {
    /// What the server shows, given by the pipeline.
    public struct Sources: Sendable {
        public let database: Database
        public let board: MarketBoard
        /// Instruments by number, as far as known.
        public let instruments: @Sendable () -> [Instrument]
        public let feedName: @Sendable (UInt32) -> String
        public let status: @Sendable () -> Status
        public let metrics: Metrics

        public init(
            database: Database, board: MarketBoard, instruments: @escaping @Sendable () -> [Instrument],
            feedName: @escaping @Sendable (UInt32) -> String, status: @escaping @Sendable () -> Status,
            metrics: Metrics
        ) {
            self.database = database
            self.board = board
            self.instruments = instruments
            self.feedName = feedName
            self.status = status
            self.metrics = metrics
        }
    }

    /// Limits on what users ask.
    public struct Limits: Sendable {
        /// Time that a user's SQL may take, in nanoseconds.
        public var queryTimeoutNs: Int64 = 60_000_000_000
        /// Rows that a user's SQL may return.
        public var queryRows = 100_000
        public init() {}
    }

    private let server: HTTPServer
    private let queries: QueryService
    /// Where live events go.
    public let stream: LiveStream

    /// Opens the interface.
    ///
    /// - Throws: `NetworkError` where the address cannot be used; `DatabaseError`; where the dashboard's files are missing.
    public init(_ sources: Sources, options: HTTPServer.Options, limits: Limits = Limits(), stream: LiveStream) throws {
        self.stream = stream
        let queries = try QueryService(sources.database)
        self.queries = queries
        let assets = try Assets(chartLibrary: Dependencies.find("share/lightweight-charts.js"))
        let routes = Routes(sources: sources, queries: queries, limits: limits, assets: assets)
        server = try HTTPServer(
            options: options, metrics: sources.metrics, webSockets: ["/api/v1/stream": LiveConnections(stream)]
        ) { request, responder in
            routes.answer(request, responder)
        }
    }

    /// Address for people.
    public var url: String { server.url }

    public func stop() {
        server.stop()
        queries.stop()
    }
}

/// Which request is answered by what.
private struct Routes: Sendable {
    let sources: MarketServer.Sources
    let queries: QueryService
    let limits: MarketServer.Limits
    let assets: Assets

    func answer(_ request: HTTPRequest, _ responder: HTTPResponder) {
        do throws(RequestFailure) {
            switch (request.method, request.path) {
            case (.post, "/api/v1/query"):
                let query = UserQuery(rowsMax: limits.queryRows, timeoutNsMax: limits.queryTimeoutNs)
                try query.answer(request, responder, queries)
            case (.get, "/api/v1/query"):
                responder.respond(
                    .error(405, code: "method_not_allowed", "queries are sent with POST", headers: ["Allow": "POST"]))
            case (.get, _), (.head, _): try get(request, responder)
            default:
                responder.respond(
                    .error(
                        405, code: "method_not_allowed", "\(request.method.rawValue) is not known here",
                        headers: ["Allow": "GET, HEAD"]))
            }
        } catch {
            responder.respond(error.response)
        }
    }

    private func get(_ request: HTTPRequest, _ responder: HTTPResponder) throws(RequestFailure) {
        switch request.path {
        case "/healthz": responder.respond(.json("{\"status\":\"ok\"}"))
        case "/readyz":
            let status = sources.status()
            var json = JSONWriter()
            status.writeReadiness(to: &json)
            responder.respond(.json(bytes: json.bytes, status: status.isReady ? 200 : 503))
        case "/metrics":
            responder.respond(.text(sources.metrics.text(), type: "text/plain; version=0.0.4; charset=utf-8"))
        case "/api/v1/status":
            var json = JSONWriter()
            sources.status().write(to: &json)
            responder.respond(.json(bytes: json.bytes))
        case "/api/v1/instruments":
            responder.respond(
                .json(
                    bytes: InstrumentList.json(sources.board, sources.instruments(), feedName: sources.feedName)))
        case "/api/v1/bars": try MarketQueries(queries).bars(request, responder)
        case "/api/v1/indicators": try MarketQueries(queries).indicators(request, responder)
        case "/api/v1/trades": try MarketQueries(queries).trades(request, responder)
        default:
            if let file = assets.response(request) {
                responder.respond(file)
            } else {
                responder.respond(.error(404, code: "not_found", "there is nothing at \(request.path.prefix(200))"))
            }
        }
    }
}
