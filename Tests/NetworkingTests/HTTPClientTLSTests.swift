import Foundation
import Networking
import TestKit
import Testing

private let certificates = Result { try TestCertificates() }

private func makeServer(_ certificate: TestCertificates.Server) throws -> HTTPServer {
    var options = HTTPServer.Options()
    options.port = 0
    options.certificatePath = certificate.certificate
    options.privateKeyPath = certificate.key
    return try HTTPServer(options: options) { _, responder in responder.respond(.text("secret page")) }
}

/// The page, or why there is none.
private func attempt(
    _ server: HTTPServer, host: String = "127.0.0.1", _ change: (inout HTTPClient.Options) -> Void
) throws -> (page: String?, error: NetworkError?) {
    var options = HTTPClient.Options()
    change(&options)
    let url = try HTTPURL("https://\(host):\(server.port)/?token=secret")
    do throws(NetworkError) {
        return (String(decoding: try HTTPClient(options).get(url).body, as: UTF8.self), nil)
    } catch { return (nil, error) }
}

@Suite struct HTTPClientTLSTests {
    @Test(arguments: ["127.0.0.1", "localhost"])
    func `a certificate of a given authority is accepted`(_ host: String) throws {
        let certificates = try certificates.get()
        let server = try makeServer(certificates.trusted())
        defer { server.stop() }
        #expect(
            try attempt(server, host: host) { $0.authorityFile = certificates.authority }.page == "secret page")
    }

    @Test func `a certificate that nobody vouches for is refused, and why is said`() throws {
        let certificates = try certificates.get()
        let cases: [(TestCertificates.Server, String?, String)] = [
            (try certificates.selfSigned(), nil, "self-signed"),
            (try certificates.trusted(), nil, "issuer"),
            (try certificates.misnamed(), certificates.authority, "no alternative certificate subject name"),
            (try certificates.expired(), certificates.authority, "expired"),
        ]
        for (certificate, authority, reason) in cases {
            let server = try makeServer(certificate)
            defer { server.stop() }
            let error = try #require(
                try attempt(server) { $0.authorityFile = authority }.error, "\(certificate.certificate) was accepted")
            #expect(error.code == .certificate && error.disposition == .stop, "\(error)")
            #expect(error.description.contains(reason) && !error.description.contains("secret"), "\(error)")
        }
    }

    @Test func `verification can be switched off by name`() throws {
        let server = try makeServer(certificates.get().selfSigned())
        defer { server.stop() }
        #expect(try attempt(server) { $0.verifiesCertificate = false }.page == "secret page")
    }

    @Test func `a missing authority file is an error before anything is opened`() throws {
        var options = HTTPClient.Options()
        options.authorityFile = "/nowhere.pem"
        let error = #expect(throws: NetworkError.self) { try HTTPClient(options) }
        #expect(error?.code == .configuration)
    }

    @Test func `a plain server behind an address with TLS is a connection that failed`() throws {
        var options = HTTPServer.Options()
        options.port = 0
        options.requestTimeoutNs = 50_000_000
        let server = try HTTPServer(options: options) { _, responder in responder.respond(.text("plain")) }
        defer { server.stop() }
        #expect(try attempt(server) { _ in }.error?.code == .connection)
    }
}
