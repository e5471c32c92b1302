import Foundation
import Networking
import TestKit
import Testing

private let certificates = Result { try TestCertificates() }

/// Echoes.
private final class Echo: WebSocketHandler {
    func opened(_ connection: WebSocketConnection, request: HTTPRequest) {}
    func received(_ message: RawSpan, isText: Bool, from connection: WebSocketConnection) {
        connection.send(WebSocketFrames(text: message.withUnsafeBytes { Array($0) }))
    }
    func closed(_ connection: WebSocketConnection, code: UInt16, reason: String) {}
}

/// Our server under one certificate.
private func makeServer(_ certificate: TestCertificates.Server) throws -> HTTPServer {
    var options = HTTPServer.Options()
    options.port = 0
    options.certificatePath = certificate.certificate
    options.privateKeyPath = certificate.key
    return try HTTPServer(options: options, webSockets: ["/echo": Echo()]) { _, responder in
        responder.respond(.text("secret page"))
    }
}

/// Connects and tells what came of it: the echo, or the error.
private func attempt(
    _ server: HTTPServer, host: String = "127.0.0.1", _ change: (inout WebSocketClient.Options) -> Void
) throws -> (echo: String?, error: NetworkError?) {
    let recorder = ClientRecorder()
    var options = WebSocketClient.Options()
    change(&options)
    let url = try WebSocketURL("wss://\(host):\(server.port)/echo?token=secret")
    let client = try WebSocketClient(url, options: options, delegate: recorder)
    client.send("hello")
    let echo = recorder.texts(1).first
    return (echo, echo == nil ? recorder.failure() : nil)
}

@Suite struct TLSTests {
    @Test(arguments: ["127.0.0.1", "localhost"])
    func `a certificate of a given authority is accepted`(_ host: String) throws {
        let certificates = try certificates.get()
        let server = try makeServer(certificates.trusted())
        defer { server.stop() }
        let result = try attempt(server, host: host) { $0.authorityFile = certificates.authority }
        #expect(result.echo == "hello")
        #expect(server.url.hasPrefix("https://127.0.0.1:"))
    }

    @Test func `a certificate that nobody vouches for is refused, and why is said`() throws {
        let certificates = try certificates.get()
        let cases: [(TestCertificates.Server, String?, String)] = [
            (try certificates.selfSigned(), nil, "self-signed"),
            (try certificates.selfSigned(), certificates.authority, "self-signed"),
            (try certificates.trusted(), nil, "issuer"),
            (try certificates.misnamed(), certificates.authority, "mismatch"),
            (try certificates.expired(), certificates.authority, "expired"),
        ]
        for (certificate, authority, reason) in cases {
            let server = try makeServer(certificate)
            defer { server.stop() }
            let result = try attempt(server) { $0.authorityFile = authority }
            let error = try #require(result.error, "\(certificate.certificate) was accepted")
            #expect(error.code == .certificate && error.disposition == .stop, "\(error)")
            #expect(error.description.contains(reason), "\(error)")
            #expect(!error.description.contains("secret"))
        }
    }

    @Test func `verification can be switched off by name`() throws {
        let server = try makeServer(certificates.get().selfSigned())
        defer { server.stop() }
        #expect(try attempt(server) { $0.verifiesCertificate = false }.echo == "hello")
    }

    @Test func `a key that does not belong to the certificate is explained`() throws {
        let certificates = try certificates.get()
        let mixed = TestCertificates.Server(
            certificate: try certificates.trusted().certificate, key: try certificates.trusted().key)
        // libwebsockets 4.1 loses 72 bytes, the registration for its own messages, of a context that cannot be made.
        let error = #expect(throws: NetworkError.self) { try LeakCheck.excusing { try makeServer(mixed) } }
        #expect(error?.description.contains("belong together") == true)
    }

    @Test func `a missing authority file is an error before anything is opened`() throws {
        var options = WebSocketClient.Options()
        options.authorityFile = "/nowhere.pem"
        let error = #expect(throws: NetworkError.self) {
            try WebSocketClient(WebSocketURL("wss://127.0.0.1:1/"), options: options, delegate: ClientRecorder())
        }
        #expect(error?.code == .configuration)
    }

    @Test func `plain text on a TLS port gets nothing and does not disturb others`() throws {
        let certificates = try certificates.get()
        let server = try makeServer(certificates.trusted())
        defer { server.stop() }
        let plain = try RawPeer(port: server.port)
        try plain.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        #expect(try !plain.readToEnd().contains("secret page"))
        #expect(try attempt(server) { $0.authorityFile = certificates.authority }.echo == "hello")
    }
}
