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
        /// Takes what is pushed to a feed: every POST below `ingestPath`.
        public let ingest: HTTPServer.Handler
        /// Trading hours of venues.
        public let calendars: VenueCalendars
        /// Gives tables as they were, for users' SQL; nil where there are none.
        public let past: PastTables.Rows?

        public init(
            database: Database, board: MarketBoard, instruments: @escaping @Sendable () -> [Instrument],
            feedName: @escaping @Sendable (UInt32) -> String, status: @escaping @Sendable () -> Status,
            metrics: Metrics, calendars: VenueCalendars = .standard, past: PastTables.Rows? = nil,
            ingest: @escaping HTTPServer.Handler
        ) {
            self.past = past
            self.ingest = ingest
            self.database = database
            self.board = board
            self.instruments = instruments
            self.feedName = feedName
            self.status = status
            self.metrics = metrics
            self.calendars = calendars
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

    /// The folder below which feeds take what is pushed to them.
    public static let ingestPath = "/api/v1/ingest/"

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
        let router = routes.router()
        server = try HTTPServer(
            options: options, metrics: sources.metrics, webSockets: ["/api/v1/stream": LiveConnections(stream)]
        ) { request, responder in
            router.handle(request, responder)
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

    /// A handler that may fail with an answer.
    private typealias Handler = @Sendable (HTTPRequest, HTTPResponder) throws(RequestFailure) -> Void

    func router() -> HTTPRouter {
        var router = HTTPRouter()
        func on(_ method: HTTPMethod, _ path: String, _ handler: @escaping Handler) {
            router.on(method, path) { request, responder in
                do throws(RequestFailure) { try handler(request, responder) } catch {
                    responder.respond(error.response)
                }
            }
        }
        let (sources, queries, limits, assets) = (sources, queries, limits, assets)
        on(.get, "/healthz") { _, responder in responder.respond(.json("{\"status\":\"ok\"}")) }
        on(.get, "/readyz") { _, responder in
            let status = sources.status()
            var json = JSONWriter()
            status.writeReadiness(to: &json)
            responder.respond(.json(bytes: json.bytes, status: status.isReady ? 200 : 503))
        }
        on(.get, "/metrics") { _, responder in
            responder.respond(.text(sources.metrics.text(), type: "text/plain; version=0.0.4; charset=utf-8"))
        }
        on(.get, "/api/v1/status") { _, responder in
            var json = JSONWriter()
            sources.status().write(to: &json)
            responder.respond(.json(bytes: json.bytes))
        }
        on(.get, "/api/v1/instruments") { _, responder in
            let list = InstrumentList.json(sources.board, sources.instruments(), feedName: sources.feedName)
            responder.respond(.json(bytes: list))
        }
        let market = MarketQueries(queries)
        on(.get, "/api/v1/bars") { request, responder throws(RequestFailure) in try market.bars(request, responder) }
        on(.get, "/api/v1/indicators") { request, responder throws(RequestFailure) in
            try market.indicators(request, responder)
        }
        on(.get, "/api/v1/trades") { request, responder throws(RequestFailure) in try market.trades(request, responder)
        }
        on(.get, "/api/v1/coverage") { request, responder throws(RequestFailure) in
            try CoverageQuery(queries).answer(request, responder, feedOf: feed(of:))
        }
        on(.get, "/api/v1/calendar") { request, responder throws(RequestFailure) in
            let nowNs = Timestamp.now().nanoseconds
            responder.respond(.json(bytes: try CalendarAnswer.json(request, sources.calendars, nowNs: nowNs)))
        }
        on(.post, "/api/v1/query") { request, responder throws(RequestFailure) in
            let query = UserQuery(rowsMax: limits.queryRows, timeoutNsMax: limits.queryTimeoutNs, past: sources.past)
            try query.answer(request, responder, queries)
        }
        router.on(.post, below: MarketServer.ingestPath, sources.ingest)
        router.fallback = { assets.response($0) }
        return router
    }

    /// The feed that brought an instrument last.
    private func feed(of instrument: Instrument) -> String? {
        guard let number = sources.instruments().firstIndex(of: instrument) else { return nil }
        let lines = sources.board.snapshot()
        return number < lines.count ? sources.feedName(lines[number].feed) : nil
    }
}
