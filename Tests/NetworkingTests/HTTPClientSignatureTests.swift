import Foundation
import Networking
import Synchronization
import TestKit
import Testing

/// Keeps the last request.
private final class Seen: Sendable {
    let request = Mutex<HTTPRequest?>(nil)
}

@Suite struct HTTPClientSignatureTests {
    /// The request as the server gets it.
    private func sent(
        _ method: HTTPMethod, _ target: String, body: String, service: String,
        by provider: HTTPClientRequest.Signature.Provider = .amazon
    ) throws -> HTTPRequest {
        var options = HTTPServer.Options()
        options.port = 0
        let seen = Seen()
        let server = try HTTPServer(options: options) { request, responder in
            seen.request.withLock { $0 = request }
            responder.respond(.text("ok"))
        }
        defer { server.stop() }
        var request = HTTPClientRequest(
            method, url: try HTTPURL(server.url + target),
            headers: ["Content-Type": "text/plain", "X-Amz-Acl": "private"],
            body: Array(body.utf8))
        request.signature = .init(
            region: "eu-central-1", service: service, accessKey: "AKID", secretKey: "top-secret",
            sessionToken: "session")
        request.signature?.provider = provider
        #expect(try HTTPClient().send(request).status == 200)
        return try #require(seen.request.withLock { $0 })
    }

    /// What the published algorithm gives for the request.
    private func signature(_ request: HTTPRequest, path: String, query: String) throws -> String {
        let process = Process()
        let (input, output) = (Pipe(), Pipe())
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["python3", Recordings.packageFolder.appending(path: "Tests/Peers/aws_signature.py").path]
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        let headers = Dictionary(request.headers.fields.map { ($0.name.lowercased(), $0.value) }) { $1 }
        let object: [String: Any] = [
            "method": request.method.rawValue, "path": path, "query": query, "headers": headers,
            "body": String(decoding: request.body, as: UTF8.self), "secret": "top-secret",
            "authorization": request.headers["Authorization"] ?? "",
        ]
        input.fileHandleForWriting.write(try JSONSerialization.data(withJSONObject: object))
        try input.fileHandleForWriting.close()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return text.filter { !$0.isNewline }
    }

    @Test(arguments: [
        (HTTPMethod.get, "kinesis", "/", "", ""), (.post, "kinesis", "/", "", #"{"StreamName":"s"}"#),
        (.put, "s3", "/bucket/a%20key", "?uploads&partNumber=2&b=1", "data"), (.delete, "s3", "/bucket/key", "", ""),
        (.head, "s3", "/bucket/key", "?list-type=2", ""), (.put, "s3", "/bucket/%C3%A9/a%2Bb%20%25.f", "", "data"),
    ])
    func `a signed request is what the published algorithm makes of it`(
        _ method: HTTPMethod, _ service: String, _ path: String, _ query: String, _ body: String
    ) throws {
        let request = try sent(method, path + query, body: body, service: service)
        let authorization = try #require(request.headers["Authorization"])
        #expect(authorization.hasPrefix("AWS4-HMAC-SHA256 Credential=AKID/"))
        #expect(authorization.contains("/eu-central-1/\(service)/aws4_request"))
        #expect(authorization.contains("x-amz-acl") && request.headers["x-amz-security-token"] == "session")
        let sorted = ["": "", "?list-type=2": "list-type=2"][query] ?? "b=1&partNumber=2&uploads="
        let expected = try signature(request, path: path, query: sorted)
        #expect(!expected.isEmpty && authorization.hasSuffix("Signature=\(expected)"))
        let fields = request.headers.fields.map { "\($0.name): \($0.value)" }.joined()
        #expect(!(fields + authorization).contains("top-secret"))
    }

    @Test func `a request signed for Google is the same algorithm under other names`() throws {
        let request = try sent(.put, "/bucket/a%20key", body: "data", service: "storage", by: .google)
        let authorization = try #require(request.headers["Authorization"])
        #expect(authorization.hasPrefix("GOOG4-HMAC-SHA256 Credential=AKID/"))
        #expect(authorization.contains("/eu-central-1/storage/goog4_request"))
        #expect(request.headers["x-goog-date"] != nil && request.headers["x-amz-date"] == nil)
        let expected = try signature(request, path: "/bucket/a%20key", query: "")
        #expect(!expected.isEmpty && authorization.hasSuffix("Signature=\(expected)"))
    }
}
