import Foundation
import Networking
import TestKit
import Testing

@Suite struct HTTPClientSignatureTests {
    @Test func `a signed request carries credentials scope, date and signed fields, and not the secret`() throws {
        var options = HTTPServer.Options()
        options.port = 0
        let server = try HTTPServer(options: options) { request, responder in
            let fields = request.headers.fields.map { "\($0.name.lowercased()): \($0.value)" }
            let query = request.query.items.map { "\($0.name)=\($0.value)" }.joined(separator: "&")
            responder.respond(.text((["\(query)"] + fields).joined(separator: "\n")))
        }
        defer { server.stop() }
        var request = HTTPClientRequest(
            .put, url: try HTTPURL("\(server.url)/bucket/key?uploads&partNumber=2&b=1"),
            headers: ["Content-Type": "text/plain"], body: Array("data".utf8))
        request.signature = .init(
            region: "eu-central-1", service: "s3", accessKey: "AKID", secretKey: "top-secret", sessionToken: "session")
        let answer = String(decoding: try HTTPClient().send(request).body, as: UTF8.self)
        let lines = answer.split(separator: "\n")
        #expect(lines.first == "b=1&partNumber=2&uploads=")
        let authorization = try #require(lines.first { $0.hasPrefix("authorization:") })
        #expect(authorization.contains("AWS4-HMAC-SHA256 Credential=AKID/"))
        #expect(authorization.contains("/eu-central-1/s3/aws4_request"))
        #expect(authorization.contains("x-amz-security-token"))
        #expect(answer.contains("x-amz-date: ") && answer.contains("x-amz-security-token: session"))
        #expect(!answer.contains("top-secret"))
    }
}
