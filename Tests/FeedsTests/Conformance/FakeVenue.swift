import Foundation
import Networking
import Platform
import Synchronization
import TestKit
import Testing

@testable import Feeds

/// A venue on this machine that speaks as `ConformingFeed` says: a WebSocket at `/feed`, and its history over HTTP.
///
/// Trades have the numbers 1, 2, 3 … for each instrument. A trade is remembered for the history and sent to every
/// connection that asked for its instrument.
final class FakeVenue: WebSocketHandler, @unchecked Sendable {  // the mutex guards the state
    struct State {
        /// Connections now, and the instruments that each asked for.
        var connections: [UInt64: (connection: WebSocketConnection, places: Set<Int>)] = [:]
        /// Everything that clients sent, in order.
        var orders: [String] = []
        /// Connections ever made, refused ones apart.
        var opened = 0
        var refused = 0
        /// Upgrades that are still to be refused as too many.
        var refusals = 0
        /// The instruments of orders, by place, as they came.
        var asked: [Int] = []
        /// The highest number of each instrument.
        var traded: [Int: Int64] = [:]
        var historyRequests = 0
        /// Requests for history that are still to be refused as too many.
        var historyRefusals = 0
        /// Trades of one page of history.
        var pageSize: Int64 = 1000
        var pings = 0
    }
    let state = Mutex(State())
    private let feed: ConformingFeed
    private let server = Mutex<HTTPServer?>(nil)

    init(_ feed: ConformingFeed) throws {
        self.feed = feed
        var options = HTTPServer.Options()
        options.port = 0
        let server = try HTTPServer(options: options, webSockets: ["/feed": self]) {
            [unowned self] request, responder in
            responder.respond(history(request))
        }
        self.server.withLock { $0 = server }
    }

    private var port: Int { server.withLock { $0?.port ?? 0 } }
    var url: String { "ws://127.0.0.1:\(port)/feed" }
    var historyURL: String { "http://127.0.0.1:\(port)" }

    func stop() {
        // The server keeps its handler.
        server.withLock { server in
            server?.stop()
            server = nil
        }
    }

    // MARK: What the venue does

    /// Lets `count` trades of an instrument happen and sends them, unless they get lost on the way.
    func trade(_ place: Int, _ count: Int64 = 1, lost: Bool = false) {
        for _ in 0..<count {
            let number = state.withLock { state in
                let number = (state.traded[place] ?? 0) + 1
                state.traded[place] = number
                return number
            }
            if !lost { send(feed.trade(place, number), to: place) }
        }
    }

    /// Sends a frame to all connections, or to those that asked for an instrument.
    func send(_ text: String, to place: Int? = nil) {
        let connections = state.withLock { state in
            state.connections.values.filter { place == nil || $0.places.contains(place!) }.map(\.connection)
        }
        for connection in connections { connection.send(WebSocketFrames(text: Array(text.utf8))) }
    }

    /// Ends all connections.
    func hangUp(code: UInt16 = 1012) {
        for entry in state.withLock({ Array($0.connections.values) }) {
            entry.connection.close(code: code, reason: "maintenance")
        }
    }

    /// Waits until the state fulfils a condition.
    func wait(_ what: Comment, _ fulfilled: (borrowing State) -> Bool) {
        if !Patience.wait(until: { state.withLock { fulfilled($0) } }) { Issue.record(what) }
    }

    /// True once a connection has asked for all instruments.
    func waitUntilAsked(connections: Int = 1) {
        wait("all instruments are asked for") { state in
            state.opened >= connections
                && state.connections.values.contains { $0.places.count == feed.instruments.count }
        }
    }

    // MARK: On the server's thread

    func refusal(of request: HTTPRequest) -> HTTPResponse? {
        state.withLock { state in
            guard state.refusals > 0 else { return nil }
            state.refusals -= 1
            state.refused += 1
            return HTTPResponse(status: 429)
        }
    }

    func opened(_ connection: WebSocketConnection, request: HTTPRequest) {
        state.withLock { state in
            state.opened += 1
            state.connections[connection.id] = (connection, [])
        }
        for text in feed.greeting { connection.send(WebSocketFrames(text: Array(text.utf8))) }
    }

    func received(_ message: RawSpan, isText: Bool, from connection: WebSocketConnection) {
        let text = message.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
        let places = feed.asked(text)
        state.withLock { state in
            state.orders.append(text)
            state.asked += places
            state.connections[connection.id]?.places.formUnion(places)
        }
        for reply in feed.confirmation(text) { connection.send(WebSocketFrames(text: Array(reply.utf8))) }
    }

    func closed(_ connection: WebSocketConnection, code: UInt16, reason: String) {
        state.withLock { $0.connections[connection.id] = nil }
    }

    private func history(_ request: HTTPRequest) -> HTTPResponse {
        let (isRefused, traded, pageSize) = state.withLock { state in
            state.historyRequests += 1
            defer { state.historyRefusals = max(0, state.historyRefusals - 1) }
            return (state.historyRefusals > 0, state.traded, state.pageSize)
        }
        if isRefused { return HTTPResponse(status: 429, headers: ["Retry-After": "1"]) }
        guard let body = feed.history?.page(request, traded, pageSize) else { return HTTPResponse(status: 404) }
        return .json(body)
    }
}
