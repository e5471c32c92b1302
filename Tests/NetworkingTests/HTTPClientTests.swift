import Foundation
import Networking
import Platform
import Synchronization
import TestKit
import Testing

/// A server that shows what it was asked, and misbehaves on demand.
private func makeServer(_ certificate: TestCertificates.Server? = nil) throws -> HTTPServer {
    var options = HTTPServer.Options()
    options.port = 0
    options.certificatePath = certificate?.certificate
    options.privateKeyPath = certificate?.key
    return try HTTPServer(options: options) { request, responder in
        switch request.path {
        case "/status": responder.respond(.text("slow down", status: Int(request.query["is"] ?? "") ?? 200))
        case "/large": responder.respond(status: 200, body: [UInt8](repeating: 0x61, count: 4 << 20))
        case "/forgotten": keep(responder)
        case "/packed":
            // "hello" as one gzip member.
            let packed: [UInt8] = [
                0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0xcb, 0x48, 0xcd, 0xc9, 0xc9, 7, 0, 0x86, 0xa6, 0x10, 0x36, 5, 0, 0,
                0,
            ]
            responder.respond(status: 200, headers: ["Content-Encoding": "gzip"], body: packed)
        case "/redirect":
            responder.respond(
                status: Int(request.query["status"] ?? "") ?? 302, headers: ["Location": request.query["to"] ?? ""])
        default:
            let fields = request.headers.fields.map { "\($0.name): \($0.value)\n" }.joined()
            let text =
                "\(request.method.rawValue) \(request.path)\n\(fields)\n\(String(decoding: request.body, as: UTF8.self))"
            responder.respond(HTTPResponse(status: 200, headers: ["X-Told": "yes"], body: Array(text.utf8)))
        }
    }
}

private let kept = Mutex<[HTTPResponder]>([])
private func keep(_ responder: HTTPResponder) { kept.withLock { $0.append(responder) } }

private func text(_ response: HTTPResponse) -> String { String(decoding: response.body, as: UTF8.self) }

private func failure(_ body: () throws -> Void) -> NetworkError? {
    do {
        try body()
        return nil
    } catch { return error as? NetworkError }
}

@Suite struct HTTPClientTests {
    @Test(arguments: [HTTPMethod.get, .post, .put, .delete, .patch])
    func `method, header fields and body arrive as they were given`(_ method: HTTPMethod) throws {
        let server = try makeServer()
        defer { server.stop() }
        let body = method == .get ? "" : "some body"
        let request = HTTPClientRequest(
            method, url: try HTTPURL("\(server.url)/a%20b?c=d"), headers: ["X-Key": "k", "X-Empty": ""],
            body: Array(body.utf8))
        let response = try HTTPClient().send(request)
        #expect(response.status == 200 && response.headers["x-told"] == "yes")
        let lines = text(response).split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.first == "\(method.rawValue) /a b" && lines.last == body[...])
        #expect(lines.contains("X-Key: k") && lines.contains("X-Empty: ") && lines.contains("User-Agent: tapedeck"))
        #expect(!lines.contains { $0.hasPrefix("Expect") || $0.hasPrefix("Content-Type") })
    }

    @Test func `an answer to HEAD has fields and no body`() throws {
        let server = try makeServer()
        defer { server.stop() }
        let response = try HTTPClient().send(HTTPClientRequest(.head, url: HTTPURL(server.url)))
        #expect(response.headers["X-TOLD"] == "yes" && response.body.isEmpty)
    }

    @Test func `one connection serves one caller's requests, several serve several at once`() throws {
        let server = try makeServer()
        defer { server.stop() }
        let client = try HTTPClient()
        let url = try HTTPURL(server.url)
        for _ in 0..<20 { _ = try client.get(url) }
        #expect(server.connectionCount == 1)
        let failures = Atomic(0)
        DispatchQueue.concurrentPerform(iterations: 200) { _ in
            if (try? client.get(url))?.status != 200 { failures.add(1, ordering: .relaxed) }
        }
        #expect(failures.load(ordering: .relaxed) == 0)
        #expect(server.connectionCount < 20)
    }

    /// The library repeats a request whose connection was kept and ends without an answer.
    @Test func `a request that must not be repeated gets a connection of its own`() throws {
        let server = try makeServer()
        defer { server.stop() }
        let client = try HTTPClient()
        var request = HTTPClientRequest(url: try HTTPURL(server.url))
        _ = try client.send(request)
        #expect(server.connectionCount == 1)
        request.isRepeatable = false
        _ = try client.send(request)
        #expect(server.connectionCount == 2)
    }

    @Test func `a status other than 200 is an answer, not an error`() throws {
        let server = try makeServer()
        defer { server.stop() }
        for status in [404, 429, 500] {
            let response = try HTTPClient().get(HTTPURL("\(server.url)/status?is=\(status)"))
            #expect(response.status == status && text(response) == "slow down")
        }
    }

    @Test func `a packed answer is unpacked, and the limit is that of the unpacked one`() throws {
        let server = try makeServer()
        defer { server.stop() }
        let url = try HTTPURL("\(server.url)/packed")
        #expect(text(try HTTPClient().get(url)) == "hello")
        var options = HTTPClient.Options()
        options.maxBodyBytes = 4
        let error = try #require(failure { _ = try HTTPClient(options).get(url) })
        #expect(error.code == .protocol && error.message.contains("longer than 4 bytes"), "\(error)")
    }

    @Test func `an answer beyond the limit is cut off, and the client goes on`() throws {
        let server = try makeServer()
        defer { server.stop() }
        var options = HTTPClient.Options()
        options.maxBodyBytes = 1 << 20
        let client = try HTTPClient(options)
        let error = try #require(failure { _ = try client.get(HTTPURL("\(server.url)/large")) })
        #expect(error.code == .protocol && error.disposition == .retry)
        #expect(try client.get(HTTPURL(server.url)).status == 200)
    }

    @Test func `a silent server is given up at the deadline, and on demand within 100 ms`() throws {
        let server = try makeServer()
        defer {
            kept.withLock { $0 = [] }
            server.stop()
        }
        let client = try HTTPClient()
        let url = try HTTPURL("\(server.url)/forgotten?token=secret")
        let late = try #require(failure { _ = try client.send(HTTPClientRequest(url: url, timeoutNs: 30_000_000)) })
        #expect(late.code == .timeout && !late.description.contains("secret"), "\(late)")
        let shortestNs = Patience.shortestNs(below: 100_000_000) {
            let isCancelled = Atomic(false)
            let cancelledNs = Atomic<Int64>(0)
            Thread.detachNewThread {
                Thread.sleep(forTimeInterval: 0.05)
                cancelledNs.store(Stopwatch.monotonicNs(), ordering: .releasing)
                isCancelled.store(true, ordering: .releasing)
            }
            let error = failure { _ = try client.get(url) { isCancelled.load(ordering: .acquiring) } }
            #expect(error?.code == .cancelled)
            return Stopwatch.monotonicNs() - cancelledNs.load(ordering: .acquiring)
        }
        #expect(shortestNs < 100_000_000)
    }

    @Test func `an unreachable server is named, and keys are not`() throws {
        let port = try RawListener.unusedPort()
        var url = try HTTPURL("http://127.0.0.1:\(port)/hook/secret?token=secret")
        let request = HTTPClientRequest(url: url, headers: ["X-Key": "secret"])
        let open = try #require(failure { _ = try HTTPClient().send(request) })
        #expect(open.description.contains("127.0.0.1:\(port)/hook/secret?token=***"), "\(open)")
        url.hidesPath = true
        let hidden = try #require(failure { _ = try HTTPClient().get(url) })
        let secret = HTTPClientRequest(url: url, headers: ["X-Key": "secret"], body: Array("secret".utf8))
        #expect(hidden.code == .connection && hidden.description.contains("127.0.0.1:\(port)"))
        #expect(!"\(hidden) \(dumped(url)) \(dumped(secret)) \(secret)".contains("secret"))
    }

    @Test func `an address that cannot be used is refused`() {
        for text in ["ftp://a/", "http://", "http://user:secret@a/", "http://a:0/", "http://a/ü", "a/b", "http://a b/"]
        {
            #expect(failure { _ = try HTTPURL(text) }?.code == .configuration, "\(text)")
        }
        #expect(
            failure {
                let request = HTTPClientRequest(url: try HTTPURL("http://127.0.0.1:1/"), headers: ["A": "b\r\nC: d"])
                _ = try HTTPClient().send(request)
            }?.message.contains("line break") == true)
    }

    private func dumped(_ value: Any) -> String {
        var text = ""
        dump(value, to: &text)
        return text
    }
}

@Suite struct HTTPRedirectTests {
    @Test func `a redirect within an origin is followed with its keys, with GET where the standard says so`() throws {
        let server = try makeServer()
        defer { server.stop() }
        for (status, method, body) in [
            (302, "GET", ""), (303, "GET", ""), (307, "POST", "body"), (308, "POST", "body"),
        ] {
            let request = HTTPClientRequest(
                .post, url: try HTTPURL("\(server.url)/redirect?status=\(status)&to=/there"), headers: ["X-Key": "k"],
                body: Array("body".utf8))
            let answer = text(try HTTPClient().send(request))
            #expect(answer.hasPrefix("\(method) /there\n") && answer.contains("X-Key: k"), "\(status): \(answer)")
            #expect(answer.hasSuffix("\n" + body))
        }
    }

    @Test func `another origin is followed where allowed only, and never sees keys`() throws {
        let (server, other) = (try makeServer(), try makeServer())
        defer {
            server.stop()
            other.stop()
        }
        var request = HTTPClientRequest(
            url: try HTTPURL("\(server.url)/redirect?to=\(other.url)/there"),
            headers: ["X-Key": "secret", "Accept": "text/csv"])
        #expect(try HTTPClient().send(request).status == 302)
        request.redirects = .anywhere(limit: 1)
        let answer = text(try HTTPClient().send(request))
        #expect(
            answer.hasPrefix("GET /there") && answer.contains("text/csv") && !answer.contains("secret"), "\(answer)")
        request.redirects = .never
        #expect(try HTTPClient().send(request).status == 302)
    }

    @Test func `redirects without end are given up`() throws {
        let server = try makeServer()
        defer { server.stop() }
        // Each answer leads to the address in its own query, which is percent-encoded once less.
        var request = HTTPClientRequest(url: try HTTPURL("\(server.url)/redirect?to=%2Fredirect%3Fto%3D%252Fredirect"))
        request.redirects = .sameOrigin(limit: 1)
        let error = try #require(failure { _ = try HTTPClient().send(request) })
        #expect(error.code == .protocol && error.message.contains("redirects"), "\(error)")
    }
}
