import Foundation
import TestKit
import Testing

@testable import Networking

@Suite struct CloudServiceTests {
    private let keys = AWSCredentials(accessKey: "AKID", secretKey: "top-secret", sessionToken: "session-token")

    private func kinesis(_ peer: AnsweringServer) throws -> AWSService {
        try AWSService(
            HTTPClient(), AWSCredentialSource(given: keys), endpoint: HTTPURL(peer.url), region: "eu-central-1",
            service: "kinesis", prefix: "Kinesis_20131202")
    }

    @Test func `an action is a signed request that names it`() throws {
        let peer = try AnsweringServer { _ in .json(#"{"Shards":[]}"#) }
        #expect(try kinesis(peer).call("ListShards", "{}") == Array(#"{"Shards":[]}"#.utf8))
        let request = try #require(peer.asked.first)
        #expect(request.method == .post && request.path == "/" && request.text == "{}")
        #expect(request.headers["X-Amz-Target"] == "Kinesis_20131202.ListShards")
        #expect(request.headers["Content-Type"] == "application/x-amz-json-1.1")
        #expect(request.headers["Authorization"]?.contains("/eu-central-1/kinesis/aws4_request") == true)
        #expect(request.headers["x-amz-security-token"] == "session-token")
    }

    @Test(arguments: [
        (400, #"{"__type":"ProvisionedThroughputExceededException","message":"slow"}"#, CloudError.Kind.throttled),
        (400, #"{"__type":"com.amazonaws.kinesis.v20131202#ExpiredIteratorException","message":"old"}"#, .refused),
        (400, #"{"__type":"AccessDeniedException","Message":"user top-secret may not"}"#, .denied),
        (400, #"{"__type":"ResourceNotFoundException","message":"no stream"}"#, .missing),
        (403, #"{"__type":"InvalidSignatureException","message":"session-token"}"#, .denied),
        (500, "", .unavailable), (503, "<html>", .unavailable), (429, "", .throttled), (400, "{", .refused),
        (301, "", .malformed), (404, "", .missing),
    ])
    func `an error of Amazon's is named, and repeats no secret`(
        _ status: Int, _ body: String, _ kind: CloudError.Kind
    ) throws {
        let peer = try AnsweringServer { _ in .json(body, status: status) }
        let service = try kinesis(peer)
        let error = #expect(throws: CloudError.self) { try service.call("GetRecords", "{}") }
        #expect(error?.kind == kind)
        #expect(error?.description.hasPrefix("GetRecords: \(status)") == true)
        #expect(error?.description.contains("top-secret") == false && error?.description.contains("session-t") == false)
        if body.contains("Expired") { #expect(error?.name == "ExpiredIteratorException") }
    }

    @Test func `without an address the region says where the service is`() throws {
        let at = { (region: String) in
            try AWSService(
                HTTPClient(), AWSCredentialSource(given: keys), endpoint: nil, region: region, service: "kinesis",
                prefix: "K")
        }
        #expect(throws: Never.self) { try at("eu-central-1") }
        #expect(throws: NetworkError.self) { try at("eu central 1") }
    }

    @Test func `a token that is refused is renewed once`() throws {
        let metadata = try AnsweringServer { _ in .json(#"{"access_token":"\#(UUID())","expires_in":3599}"#) }
        let host = metadata.url.replacing("http://", with: "")
        let tokens = try GoogleTokenSource(
            HTTPClient(), keyFile: nil, scope: "s", environment: ["GCE_METADATA_HOST": host])
        let peer = try AnsweringServer { _ in .json(#"{"error":{"code":401,"status":"UNAUTHENTICATED"}}"#, status: 401)
        }
        let service = GoogleService(try HTTPClient(), tokens, endpoint: try HTTPURL(peer.url))
        let error = #expect(throws: CloudError.self) { try service.post("/v1/x", "{}", operation: "x") }
        #expect(error?.kind == .denied && error?.name == "UNAUTHENTICATED")
        #expect(peer.asked.count == 2 && metadata.asked.count == 2)
        let sent = peer.asked.compactMap { $0.headers["Authorization"] }
        #expect(Set(sent).count == 2 && sent.allSatisfy { $0.hasPrefix("Bearer ") })
        // Otherwise Google compresses no answer.
        #expect(peer.asked.allSatisfy { $0.headers["User-Agent"]?.contains("gzip") == true })
        peer.answer { _ in .json("{}") }
        #expect(try service.post("/v1/x", "{}", operation: "x") == Array("{}".utf8))
    }

    @Test(arguments: [
        (403, CloudError.Kind.denied), (404, .missing), (429, .throttled), (503, .unavailable), (400, .refused),
        (500, .unavailable), (307, .malformed),
    ])
    func `an error of Google's says why, and repeats no token`(_ status: Int, _ kind: CloudError.Kind) throws {
        let metadata = try AnsweringServer { _ in .json(#"{"access_token":"ya29.secret","expires_in":3599}"#) }
        let host = metadata.url.replacing("http://", with: "")
        let tokens = try GoogleTokenSource(
            HTTPClient(), keyFile: nil, scope: "s", environment: ["GCE_METADATA_HOST": host])
        let peer = try AnsweringServer { request in
            let said = request.headers["Authorization"] ?? ""
            return HTTPResponse(
                status: status, headers: ["Retry-After": "7", "Location": "http://elsewhere.example/"],
                body: Array(#"{"error":{"message":"not for \#(said)\nat all","status":"NAME"}}"#.utf8))
        }
        let service = GoogleService(try HTTPClient(), tokens, endpoint: try HTTPURL(peer.url))
        let error = #expect(throws: CloudError.self) { try service.post("/v1/x", "{}", operation: "pull of s") }
        #expect(error?.kind == kind && error?.retryAfterNs == 7_000_000_000)
        #expect(error?.description.hasPrefix("pull of s: \(status) ") == true)
        #expect(error?.description.contains("ya29") == false && error?.description.contains("\n") == false)
    }
}
