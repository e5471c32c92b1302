import Foundation
import Networking
import Platform
import Synchronization
import TestKit
import Testing

/// A small server: echoes, answers late, answers large.
private func makeServer(_ change: (inout HTTPServer.Options) -> Void = { _ in }) throws -> HTTPServer {
    var options = HTTPServer.Options()
    options.port = 0
    change(&options)
    var router = HTTPRouter()
    router.on(.get, "/hello") { _, responder in responder.respond(.text("hello")) }
    router.on(.get, "/query") { request, responder in
        responder.respond(.text(request.query.items.map { "\($0.name)=\($0.value)" }.joined(separator: ";")))
    }
    router.on(.post, "/echo") { request, responder in responder.respond(status: 200, body: request.body) }
    router.on(.get, "/late") { _, responder in
        Thread.detachNewThread {
            Thread.sleep(forTimeInterval: 0.02)
            responder.respond(.text("late"))
        }
    }
    router.on(.get, "/large") { _, responder in
        responder.respond(status: 200, body: [UInt8](repeating: 0x61, count: 8 << 20))
    }
    router.on(.get, "/forgotten") { _, _ in }
    router.on(.post, below: "/in/") { request, responder in
        responder.respond(.text("in \(request.path) \(request.body.count)"))
    }
    let routes = router
    return try HTTPServer(options: options) { routes.handle($0, $1) }
}

@Suite struct HTTPServerTests {
    @Test func `a request is answered and the connection serves the next one`() throws {
        let server = try makeServer()
        defer { server.stop() }
        let peer = try RawPeer(port: server.port)
        for _ in 0..<3 {
            let answer = try peer.ask("GET /hello HTTP/1.1\r\nHost: localhost:\(server.port)\r\n\r\n")
            #expect(answer.head.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(answer.head.contains("Connection: keep-alive"))
            #expect(answer.body == "hello")
        }
        #expect(server.connectionCount == 1)
    }

    @Test func `pipelined requests are answered in order, late answers included`() throws {
        let server = try makeServer()
        defer { server.stop() }
        let peer = try RawPeer(port: server.port)
        let late = "GET /late HTTP/1.1\r\nHost: localhost\r\n\r\n"
        let hello = "GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n"
        try peer.send(late + hello + late + hello)
        let bodies = try (0..<4).map { _ in try peer.readResponse().body }
        #expect(bodies == ["late", "hello", "late", "hello"])
    }

    @Test func `Connection close and HTTP 1.0 end the connection`() throws {
        let server = try makeServer()
        defer { server.stop() }
        for request in [
            "GET /hello HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", "GET /hello HTTP/1.0\r\n\r\n",
        ] {
            let peer = try RawPeer(port: server.port)
            try peer.send(request)
            let answer = try peer.readToEnd()
            #expect(answer.contains("Connection: close\r\n"))
            #expect(answer.hasSuffix("hello"))
        }
    }

    @Test func `query parameters are percent-decoded`() throws {
        let server = try makeServer()
        defer { server.stop() }
        let peer = try RawPeer(port: server.port)
        let answer = try peer.ask("GET /query?a=1&b=two%20words+x&c=%E2%82%AC%26&d HTTP/1.1\r\nHost: localhost\r\n\r\n")
        #expect(answer.body == "a=1;b=two words x;c=€&;d=")
    }

    @Test func `a body arrives whole, also after 100 Continue and byte by byte`() throws {
        let server = try makeServer()
        defer { server.stop() }
        let peer = try RawPeer(port: server.port)
        let body = String(repeating: "x", count: 100_000)
        let whole = try peer.ask(
            "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: \(body.count)\r\n\r\n\(body)")
        #expect(whole.body == body)
        let wait = try peer.ask(
            "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n",
            hasBody: false)
        #expect(wait.head.hasPrefix("HTTP/1.1 100 Continue"))
        #expect(try peer.ask("abc").body == "abc")
        for byte in "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\nok" {
            try peer.send(String(byte))
        }
        #expect(try peer.readResponse().body == "ok")
    }

    @Test func `a large answer arrives whole and HEAD leaves the body out`() throws {
        let server = try makeServer()
        defer { server.stop() }
        let peer = try RawPeer(port: server.port)
        let answer = try peer.ask("GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n")
        #expect(answer.body.utf8.count == 8 << 20)
        let head = try peer.ask("HEAD /large HTTP/1.1\r\nHost: localhost\r\n\r\n", hasBody: false)
        #expect(head.head.contains("Content-Length: \(8 << 20)\r\n"))
        #expect(try peer.ask("GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n").body == "hello")
    }

    @Test(arguments: [
        ("GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n", 404),
        ("POST /hello HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n", 405),
        ("BREW /hello HTTP/1.1\r\nHost: localhost\r\n\r\n", 501),
        ("GET /hello HTTP/2.0\r\nHost: localhost\r\n\r\n", 505),
        ("GET /hello HTTP/1.1\r\n\r\n", 400),
        ("GET /hello HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n", 400),
        ("GET /%zz HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
        ("GET /hello HTTP/1.1\r\nHost: localhost\r\nBad Name: x\r\n\r\n", 400),
        ("GET /hello HTTP/1.1\r\nHost: localhost\r\nA: b\r\n folded\r\n\r\n", 400),
        ("GET /hello HTTP/1.1\r\nHost: localhost\r\nA: b\nC: d\r\n\r\n", 400),
        ("POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 411),
        ("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400),
        ("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n", 400),
        ("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999\r\n\r\n", 413),
        ("\u{16}\u{3}\u{1}garbage\r\n\r\n", 400),
    ])
    func `a request that cannot be served is answered with its status`(_ request: String, _ status: Int) throws {
        let server = try makeServer()
        defer { server.stop() }
        let answer = try RawPeer(port: server.port).ask(request)
        #expect(answer.head.hasPrefix("HTTP/1.1 \(status) "), "\(answer.head)")
        #expect(answer.body.hasPrefix("{\"error\":{"))
    }

    @Test func `OPTIONS and 405 name the methods that are possible`() throws {
        let server = try makeServer()
        defer { server.stop() }
        let peer = try RawPeer(port: server.port)
        let options = try peer.ask("OPTIONS /hello HTTP/1.1\r\nHost: localhost\r\n\r\n", hasBody: false)
        #expect(options.head.hasPrefix("HTTP/1.1 204") && options.head.contains("Allow: GET, HEAD, OPTIONS\r\n"))
        let refused = try peer.ask("DELETE /echo HTTP/1.1\r\nHost: localhost\r\n\r\n")
        #expect(refused.head.hasPrefix("HTTP/1.1 405") && refused.head.contains("Allow: OPTIONS, POST\r\n"))
    }

    @Test func `headers without end are refused at the limit`() throws {
        let server = try makeServer { $0.maxHeaderBytes = 4096 }
        defer { server.stop() }
        let peer = try RawPeer(port: server.port)
        try peer.send("GET /hello HTTP/1.1\r\nHost: localhost\r\nX: \(String(repeating: "y", count: 5000))")
        #expect(try peer.readToEnd().hasPrefix("HTTP/1.1 431 "))
        let line = try RawPeer(port: server.port)
        try line.send("GET /" + String(repeating: "z", count: 5000))
        #expect(try line.readToEnd().hasPrefix("HTTP/1.1 414 "))
    }

    @Test func `a request that trickles in is cut off, an idle connection is closed`() throws {
        let server = try makeServer {
            $0.requestTimeoutNs = 60_000_000
            $0.idleTimeoutNs = 60_000_000
        }
        defer { server.stop() }
        let slow = try RawPeer(port: server.port)
        try slow.send("GET /hello HTTP/1.1\r\nHost: loc")
        #expect(try slow.readToEnd().hasPrefix("HTTP/1.1 408 "))
        let idle = try RawPeer(port: server.port)
        #expect(try idle.ask("GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n").body == "hello")
        #expect(try idle.readToEnd() == "")
        #expect(try RawPeer(port: server.port).readToEnd() == "")
    }

    @Test func `a handler that forgets to answer answers 500, one that is slow 504`() throws {
        let server = try makeServer()
        defer { server.stop() }
        let forgotten = try RawPeer(port: server.port).ask("GET /forgotten HTTP/1.1\r\nHost: localhost\r\n\r\n")
        #expect(forgotten.head.hasPrefix("HTTP/1.1 500 "))
        let hasty = try makeServer { $0.responseTimeoutNs = 5_000_000 }
        defer { hasty.stop() }
        let slow = try RawPeer(port: hasty.port).ask("GET /late HTTP/1.1\r\nHost: localhost\r\n\r\n")
        #expect(slow.head.hasPrefix("HTTP/1.1 504 "))
    }

    @Test func `a responder learns that the peer has gone`() throws {
        let responders = Mutex<[HTTPResponder]>([])
        let arrived = DispatchSemaphore(value: 0)
        var options = HTTPServer.Options()
        options.port = 0
        let server = try HTTPServer(options: options) { _, responder in
            responders.withLock { $0.append(responder) }
            arrived.signal()
        }
        defer { server.stop() }
        var peer: RawPeer? = try RawPeer(port: server.port)
        try peer?.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        arrived.wait()
        let responder = responders.withLock { $0[0] }
        #expect(!responder.isCancelled)
        peer = nil
        while !responder.isCancelled { Thread.sleep(forTimeInterval: 0.001) }
        #expect(responder.respond(.text("too late")))
        #expect(!responder.respond(.text("twice")))
    }

    @Test func `connections beyond the limit are closed at once`() throws {
        let server = try makeServer { $0.maxConnections = 2 }
        defer { server.stop() }
        let peers = try (0..<2).map { _ in try RawPeer(port: server.port) }
        for peer in peers { #expect(try peer.ask("GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n").body == "hello") }
        #expect(try RawPeer(port: server.port).readToEnd() == "")
    }

    @Test func `stop waits for an answer under way`() throws {
        let busy = DispatchSemaphore(value: 0)
        let go = DispatchSemaphore(value: 0)
        var options = HTTPServer.Options()
        options.port = 0
        let server = try HTTPServer(options: options) { _, responder in
            Thread.detachNewThread {
                busy.signal()
                go.wait()
                responder.respond(.text("late"))
            }
        }
        let peer = try RawPeer(port: server.port)
        try peer.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        busy.wait()
        Thread.detachNewThread { go.signal() }
        server.stop()
        #expect(try peer.readToEnd().hasSuffix("late"))
        #expect(throws: (any Error).self) { try RawPeer(port: server.port) }
    }

    @Test func `a router refuses two handlers for one route`() async {
        await #expect(processExitsWith: .failure) {
            var router = HTTPRouter()
            router.on(.get, "/a") { _, _ in }
            router.on(.get, "/a") { _, _ in }
        }
    }
}

@Suite struct IncomingBodiesTests {
    @Test func `bodies below a path may be larger, and all that come in share room`() throws {
        let server = try makeServer {
            $0.maxBodyBytes = 1000
            $0.maxBodyBytesBelow = ["/in/": 100_000]
            $0.maxIncomingBytes = 150_000
        }
        defer { server.stop() }
        func head(_ path: String, _ bytes: Int) -> String {
            "POST \(path) HTTP/1.1\r\nHost: localhost\r\nContent-Length: \(bytes)\r\n\r\n"
        }
        #expect(try RawPeer(port: server.port).ask(head("/echo", 1001)).head.hasPrefix("HTTP/1.1 413 "))
        #expect(try RawPeer(port: server.port).ask(head("/in/x", 100_001)).head.hasPrefix("HTTP/1.1 413 "))
        let whole = String(repeating: "x", count: 100_000)
        #expect(try RawPeer(port: server.port).ask(head("/in/x", 100_000) + whole).body == "in /in/x 100000")
        // A body on its way takes its room until it is there or its connection has gone.
        var slow: RawPeer? = try RawPeer(port: server.port)
        try slow?.send(head("/in/x", 100_000) + "x")
        // With its body, so that one that comes before the slow one is seen to be slow is answered and not waited for.
        let large = head("/in/x", 60_000) + whole.prefix(60_000)
        var busy = try RawPeer(port: server.port).ask(large)
        while !busy.head.hasPrefix("HTTP/1.1 429 ") { busy = try RawPeer(port: server.port).ask(large) }
        #expect(busy.head.contains("Retry-After: 1\r\n"))
        #expect(try RawPeer(port: server.port).ask(head("/in/y", 10) + "0123456789").body == "in /in/y 10")
        slow = nil
        _ = slow
        let end = Patience.end
        var answer = ""
        while answer != "in /in/x 60000", Date() < end {
            answer = try RawPeer(port: server.port).ask(large).body
        }
        #expect(answer == "in /in/x 60000")
    }
}
