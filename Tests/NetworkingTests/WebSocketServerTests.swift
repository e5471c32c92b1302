import Foundation
import Networking
import Platform
import Synchronization
import TestKit
import Testing

/// Remembers what happens and echoes text.
private final class Recorder: WebSocketHandler {
    struct State {
        var connections: [WebSocketConnection] = []
        var messages: [String] = []
        var closed: [(code: UInt16, reason: String)] = []
    }
    let state = Mutex(State())
    let echoes: Bool

    init(echoes: Bool = true) { self.echoes = echoes }

    func refusal(of request: HTTPRequest) -> HTTPResponse? {
        request.query["token"] == "wrong" ? .error(401, code: "token", "wrong token") : nil
    }
    func opened(_ connection: WebSocketConnection, request: HTTPRequest) {
        state.withLock { $0.connections.append(connection) }
    }
    func received(_ message: RawSpan, isText: Bool, from connection: WebSocketConnection) {
        let bytes = message.withUnsafeBytes { Array($0) }
        state.withLock { $0.messages.append(isText ? String(decoding: bytes, as: UTF8.self) : "binary \(bytes.count)") }
        if echoes { connection.send(WebSocketFrames(text: bytes)) }
    }
    func closed(_ connection: WebSocketConnection, code: UInt16, reason: String) {
        state.withLock { $0.closed.append((code, reason)) }
    }

    /// Waits for `count` connections.
    func connections(_ count: Int) -> [WebSocketConnection] {
        wait { $0.connections.count >= count }.connections
    }
    @discardableResult
    func wait(_ condition: (State) -> Bool) -> State {
        let isFulfilled = Patience.wait { condition(state.withLock { $0 }) }
        if !isFulfilled { Issue.record("waited in vain") }
        return state.withLock { $0 }
    }
}

private func makeServer(
    _ handler: Recorder, _ change: (inout HTTPServer.Options) -> Void = { _ in }
) throws -> HTTPServer {
    var options = HTTPServer.Options()
    options.port = 0
    change(&options)
    return try HTTPServer(options: options, webSockets: ["/stream": handler]) { _, responder in
        responder.respond(.error(404, code: "not_found", "nothing"))
    }
}

/// What a client must not send, and the close code that answers it.
private let violations: [(bytes: [UInt8], code: Int)] = [
    (RawPeer.frame(opcode: 3, []), 1002),
    ([0xc1, 0x80, 0, 0, 0, 0], 1002),
    ([0x81, 0x02, 0x61, 0x62], 1002),
    (RawPeer.frame(opcode: 0, [1]), 1002),
    (RawPeer.frame(opcode: 1, [0x61], isFinal: false) + RawPeer.frame(opcode: 1, [0x61]), 1002),
    (RawPeer.frame(opcode: 9, [UInt8](repeating: 0, count: 126)), 1002),
    (RawPeer.frame(opcode: 9, [], isFinal: false), 1002),
    (RawPeer.frame(opcode: 1, [0xff, 0xfe]), 1007),
    (RawPeer.frame(opcode: 8, [0x03]), 1002),
    (RawPeer.frame(opcode: 8, [0x03, 0xed]), 1002),
    (RawPeer.frame(opcode: 2, [UInt8](repeating: 0, count: 1001)), 1009),
    ([0x81, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], 1009),
    (sixHundred(opcode: 1, isFinal: false) + sixHundred(opcode: 0, isFinal: true), 1009),
]

private func sixHundred(opcode: UInt8, isFinal: Bool) -> [UInt8] {
    RawPeer.frame(opcode: opcode, [UInt8](repeating: 0x61, count: 600), isFinal: isFinal)
}

@Suite struct WebSocketServerTests {
    @Test func `an upgrade is accepted with the key of RFC 6455 and messages come back`() throws {
        let handler = Recorder()
        let server = try makeServer(handler)
        defer { server.stop() }
        let peer = try RawPeer(port: server.port)
        let answer = try peer.upgrade()
        #expect(answer.head.hasPrefix("HTTP/1.1 101 "))
        #expect(answer.head.contains("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"))
        for size in [0, 1, 125, 126, 60_000] {
            let text = String(repeating: "€", count: size / 3)
            try peer.send(RawPeer.frame(opcode: 1, Array(text.utf8)))
            #expect(try peer.readText() == text)
        }
    }

    @Test func `frames right behind the handshake, fragments and pings between them are understood`() throws {
        let handler = Recorder()
        let server = try makeServer(handler)
        defer { server.stop() }
        let peer = try RawPeer(port: server.port)
        let first = RawPeer.frame(opcode: 1, Array("early".utf8))
        try peer.send(
            "GET /stream HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
        try peer.send(first)
        _ = try peer.readResponse()
        #expect(try peer.readText() == "early")
        try peer.send(
            RawPeer.frame(opcode: 1, Array("fra".utf8), isFinal: false) + RawPeer.frame(opcode: 9, Array("hi".utf8))
                + RawPeer.frame(opcode: 0, Array("gmen".utf8), isFinal: false)
                + RawPeer.frame(opcode: 0, Array("ted".utf8)))
        let pong = try peer.readFrame()
        #expect(pong.opcode == 10 && pong.payload == Array("hi".utf8))
        #expect(try peer.readText() == "fragmented")
        for byte in RawPeer.frame(opcode: 1, Array("bytewise".utf8)) { try peer.send([byte]) }
        #expect(try peer.readText() == "bytewise")
    }

    @Test(arguments: violations)
    func `a client that breaks the protocol is told why and closed`(_ bytes: [UInt8], _ code: Int) throws {
        let handler = Recorder()
        let server = try makeServer(handler) { $0.maxMessageBytes = 1000 }
        defer { server.stop() }
        let peer = try RawPeer(port: server.port)
        _ = try peer.upgrade()
        try peer.send(bytes)
        let frame = try peer.readFrame()
        #expect(frame.opcode == 8)
        #expect(frame.payload.prefix(2).reduce(0) { $0 << 8 | Int($1) } == code)
        #expect(try peer.readToEnd() == "")
    }

    @Test func `goodbyes are exchanged from either side`() throws {
        let handler = Recorder()
        let server = try makeServer(handler)
        let polite = try RawPeer(port: server.port)
        _ = try polite.upgrade()
        try polite.send(RawPeer.frame(opcode: 8, [0x03, 0xe8] + Array("bye".utf8)))
        let answer = try polite.readFrame()
        #expect(answer.opcode == 8 && answer.payload == [0x03, 0xe8])
        #expect(try polite.readToEnd() == "")
        var abrupt: RawPeer? = try RawPeer(port: server.port)
        _ = try abrupt?.upgrade()
        abrupt = nil
        let closed = handler.wait { $0.closed.count == 2 }.closed
        #expect(Set(closed.map(\.code)) == [1000, 1006])

        let last = try RawPeer(port: server.port)
        _ = try last.upgrade()
        let connection = handler.connections(3)[2]
        connection.send(WebSocketFrames(text: Array("before".utf8)))
        connection.close(code: 4001, reason: "enough")
        #expect(try last.readText() == "before")
        let farewell = try last.readFrame()
        #expect(farewell.payload == [0x0f, 0xa1] + Array("enough".utf8))
        #expect(try last.readToEnd() == "")
        handler.wait { $0.closed.count == 3 }
        #expect(connection.send(WebSocketFrames(text: [0x61])) == .closed)

        let remaining = try RawPeer(port: server.port)
        _ = try remaining.upgrade()
        server.stop()
        #expect(try remaining.readFrame().payload.prefix(2) == [0x03, 0xe9])
    }

    @Test func `upgrades that cannot be are refused with a reason`() throws {
        let server = try makeServer(Recorder())
        defer { server.stop() }
        let peer = try RawPeer(port: server.port)
        let plain = try peer.ask("GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
        #expect(plain.head.hasPrefix("HTTP/1.1 426 "))
        #expect(try peer.upgrade("/elsewhere").head.hasPrefix("HTTP/1.1 404 "))
        #expect(try peer.upgrade("/stream?token=wrong").head.hasPrefix("HTTP/1.1 401 "))
        #expect(try peer.upgrade(fields: "Origin: http://evil.example\r\n").head.hasPrefix("HTTP/1.1 403 "))
        let old = "GET /stream HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        #expect(try peer.ask(old + "Sec-WebSocket-Version: 8\r\n\r\n").head.contains("Sec-WebSocket-Version: 13\r\n"))
        #expect(try peer.ask(old + "Sec-WebSocket-Version: 13\r\n\r\n").head.hasPrefix("HTTP/1.1 400 "))
        #expect(try peer.upgrade(fields: "Origin: http://localhost\r\n").head.hasPrefix("HTTP/1.1 101 "))
    }

    @Test func `a hundred clients each get every message in order`() throws {
        let handler = Recorder(echoes: false)
        let metrics = Metrics()
        var options = HTTPServer.Options()
        options.port = 0
        let server = try HTTPServer(options: options, metrics: metrics, webSockets: ["/stream": handler]) { _, _ in }
        defer { server.stop() }
        let peers = try (0..<100).map { _ in try RawPeer(port: server.port) }
        for peer in peers { _ = try peer.upgrade() }
        let connections = handler.connections(100)
        for round in 0..<50 {
            let shared = WebSocketFrames(text: Array("m\(round)".utf8))
            for connection in connections { #expect(connection.enqueue(shared, [0..<1]) == 1) }
            connections[0].flush()
        }
        for peer in peers {
            for round in 0..<50 { #expect(try peer.readText() == "m\(round)") }
        }
        for connection in connections {
            Patience.wait { connection.queued.messages == 0 }
            #expect(connection.queued == (0, 0))
        }
        #expect(metrics.text().contains("tapedeck_stream_messages_total 5000\n"))
    }

    @Test func `messages queued together leave with one write, in order`() throws {
        let handler = Recorder(echoes: false)
        let metrics = Metrics()
        var options = HTTPServer.Options()
        options.port = 0
        let server = try HTTPServer(options: options, metrics: metrics, webSockets: ["/stream": handler]) { _, _ in }
        defer { server.stop() }
        let peer = try RawPeer(port: server.port)
        _ = try peer.upgrade()
        let connection = handler.connections(1)[0]
        let frames = WebSocketFrames(texts: (0..<200).map { Array("m\($0)".utf8) })
        #expect(connection.enqueue(frames, [0..<50, 100..<150]) == 100)
        #expect(connection.queued.messages == 100)
        connection.flush()
        for number in Array(0..<50) + Array(100..<150) { #expect(try peer.readText() == "m\(number)") }
        Patience.wait { connection.queued.messages == 0 }
        #expect(metrics.text().contains("tapedeck_stream_messages_total 100\n"))
        #expect(metrics.text().contains("tapedeck_stream_writes_total 1\n"))
    }

    @Test func `a message larger than the write buffer and one with several texts arrive whole`() throws {
        let handler = Recorder(echoes: false)
        let server = try makeServer(handler)
        defer { server.stop() }
        let peer = try RawPeer(port: server.port)
        _ = try peer.upgrade()
        let connection = handler.connections(1)[0]
        let large = String(repeating: "x", count: 3 << 20)
        connection.send(WebSocketFrames(text: Array("first".utf8)))
        #expect(connection.send(WebSocketFrames(text: Array(large.utf8))) == .accepted)
        connection.send(WebSocketFrames(texts: ["a", "b"].map { Array($0.utf8) }))
        #expect(try peer.readText() == "first")
        #expect(try peer.readText() == large)
        #expect(try peer.readText() == "a")
        #expect(try peer.readText() == "b")
    }

    @Test func `a slow client fills its own queue only, and is dropped in the end`() throws {
        let handler = Recorder(echoes: false)
        let server = try makeServer(handler) {
            $0.queueMessages = 100
            $0.queueBytes = 1 << 20
            $0.writeTimeoutNs = 150_000_000
        }
        defer { server.stop() }
        let slow = try RawPeer(port: server.port, receiveBufferBytes: 4096)
        _ = try slow.upgrade()
        let fast = try RawPeer(port: server.port)
        _ = try fast.upgrade()
        let connections = handler.connections(2)
        let frames = WebSocketFrames(text: [UInt8](repeating: 0x61, count: 100_000))
        // The kernel's socket buffers take some megabytes first; then the queue fills.
        var refusedInARow = 0
        while refusedInARow < 20 {
            let result = connections[0].send(frames)
            refusedInARow = result == .accepted ? 0 : refusedInARow + 1
            if result == .full { Thread.sleep(forTimeInterval: 0.001) }
            #expect(connections[0].queued.bytes <= 1 << 20)
        }
        connections[1].send(WebSocketFrames(text: Array("still served".utf8)))
        #expect(try fast.readText() == "still served")
        let closed = handler.wait { $0.closed.count == 1 }.closed
        #expect(closed.first?.code == 1008)
        #expect(connections[0].send(frames) == .closed)
        #expect(connections[0].queued == (0, 0))
    }

    @Test func `a silent client is pinged, and dropped where it does not answer`() throws {
        let handler = Recorder()
        let server = try makeServer(handler) { $0.pingIntervalNs = Int64(50_000_000 * Patience.factor) }
        defer { server.stop() }
        let peer = try RawPeer(port: server.port)
        _ = try peer.upgrade()
        for _ in 0..<3 {
            let ping = try peer.readFrame()
            #expect(ping.opcode == 9)
            try peer.send(RawPeer.frame(opcode: 10, ping.payload))
        }
        #expect(handler.state.withLock { $0.closed.isEmpty })
        _ = try peer.readToEnd()
        #expect(handler.wait { !$0.closed.isEmpty }.closed[0].reason == "the client is silent")
    }
}
