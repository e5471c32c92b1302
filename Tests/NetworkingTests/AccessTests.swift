import Networking
import Testing

private func makeServer(_ change: (inout HTTPServer.Options) -> Void = { _ in }) throws -> HTTPServer {
    var options = HTTPServer.Options()
    options.port = 0
    change(&options)
    return try HTTPServer(options: options) { _, responder in responder.respond(.text("in")) }
}

@Suite struct AccessTests {
    @Test(arguments: [
        "localhost", "localhost:8080", "127.0.0.1:1", "127.9.9.9", "[::1]:80", "LOCALHOST", "desk.example",
    ])
    func `requests for this machine are served`(_ host: String) throws {
        let server = try makeServer { $0.hostNames = ["desk.example"] }
        defer { server.stop() }
        #expect(try RawPeer(port: server.port).ask("GET / HTTP/1.1\r\nHost: \(host)\r\n\r\n").body == "in")
    }

    @Test(arguments: ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "10.0.0.1", ""])
    func `requests for another name are refused, as a rebound name would send them`(_ host: String) throws {
        let server = try makeServer()
        defer { server.stop() }
        let answer = try RawPeer(port: server.port).ask("GET / HTTP/1.1\r\nHost: \(host)\r\n\r\n")
        #expect(answer.head.hasPrefix("HTTP/1.1 403 "))
    }

    @Test func `a page of another origin may not post, its own may`() throws {
        let server = try makeServer()
        defer { server.stop() }
        let host = "localhost:\(server.port)"
        let peer = try RawPeer(port: server.port)
        func post(_ origin: String) throws -> String {
            try peer.ask("POST / HTTP/1.1\r\nHost: \(host)\r\nContent-Length: 0\r\n\(origin)\r\n").head
        }
        #expect(try post("").hasPrefix("HTTP/1.1 200"))
        #expect(try post("Origin: http://\(host)\r\n").hasPrefix("HTTP/1.1 200"))
        for origin in ["http://evil.example", "https://\(host)", "http://localhost:1", "null"] {
            #expect(try post("Origin: \(origin)\r\n").hasPrefix("HTTP/1.1 403"), "\(origin)")
        }
    }

    @Test func `only loopback is listened on unless remote access is allowed`() throws {
        for host in ["0.0.0.0", "::", "192.168.1.1"] {
            let error = #expect(throws: NetworkError.self) { try makeServer { $0.host = host } }
            #expect(error?.code == .configuration)
        }
        let server = try makeServer {
            $0.host = "0.0.0.0"
            $0.allowRemote = true
        }
        defer { server.stop() }
        #expect(try RawPeer(port: server.port).ask("GET / HTTP/1.1\r\nHost: 10.1.2.3:80\r\n\r\n").body == "in")
        #expect(try RawPeer(port: server.port).ask("GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n").body != "in")
    }

    @Test func `an address in use and an unusable option are explained`() throws {
        let server = try makeServer()
        defer { server.stop() }
        let busy = #expect(throws: NetworkError.self) { try makeServer { $0.port = server.port } }
        #expect(busy?.code == .listen && busy?.description.contains("another program listens there") == true)
        #expect(throws: NetworkError.self) { try makeServer { $0.host = "example.com" } }
        #expect(throws: NetworkError.self) { try makeServer { $0.certificatePath = "/nowhere.pem" } }
        #expect(throws: NetworkError.self) {
            try makeServer {
                $0.certificatePath = "/nowhere.pem"
                $0.privateKeyPath = "/nowhere.pem"
            }
        }
    }
}
