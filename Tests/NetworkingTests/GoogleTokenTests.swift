import Foundation
import Synchronization
import TestKit
import Testing

@testable import Networking

@Suite struct GoogleTokenTests {
    private static let python = ProcessInfo.processInfo.environment["TAPEDECK_PYTHON"]
    private let folder = TemporaryFolder()
    private let scope = "https://www.googleapis.com/auth/pubsub"

    private func keyFile(_ key: TestSigningKey, _ changes: [String: String?] = [:], url: String) throws -> String {
        var members: [String: String] = [
            "type": "service_account", "project_id": "p", "private_key_id": "key-1",
            "private_key": try key.privatePEM(),
            "client_email": "reader@p.iam.gserviceaccount.com", "token_uri": "\(url)/token",
        ]
        for (name, value) in changes { members[name] = value }
        let file = folder.url.appending(path: "\(UUID()).json")
        try JSONSerialization.data(withJSONObject: members).write(to: file)
        return file.path
    }

    private static func token(_ text: String, seconds: Double = 3599) -> HTTPResponse {
        .json("{\"access_token\":\"\(text)\",\"expires_in\":\(seconds),\"token_type\":\"Bearer\"}")
    }

    /// The statement in the body of a request.
    private func assertion(_ request: AnsweringServer.Asked) throws -> String {
        let fields = request.text.split(separator: "&")
        #expect(fields.first == "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer")
        return String(try #require(fields.last?.hasPrefix("assertion=") == true ? fields.last?.dropFirst(10) : nil))
    }

    @Test(.enabled(if: python != nil, "needs TAPEDECK_PYTHON, an interpreter with google-auth"))
    func `Google's library takes the statement that a key file signs`() throws {
        let peer = try AnsweringServer { _ in Self.token("ya29.a") }
        let key = try TestSigningKey("key-1")
        let source = try GoogleTokenSource(
            HTTPClient(), keyFile: keyFile(key, url: peer.url), scope: scope, environment: [:])
        #expect(try source.token() == "ya29.a" && source.project == "p")
        let request = try #require(peer.asked.first)
        #expect(request.path == "/token" && request.headers["Content-Type"] == "application/x-www-form-urlencoded")
        let process = Process()
        let (input, output) = (Pipe(), Pipe())
        process.executableURL = URL(filePath: try #require(Self.python))
        process.arguments = [Recordings.packageFolder.appending(path: "Tests/Peers/google_token.py").path]
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        let question = [
            "token": try assertion(request), "public_key": try key.publicPEM(), "audience": "\(peer.url)/token",
        ]
        input.fileHandleForWriting.write(try JSONSerialization.data(withJSONObject: question))
        try input.fileHandleForWriting.close()
        let text = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        let claims = try #require(try JSONSerialization.jsonObject(with: text) as? [String: Any])
        #expect(claims["iss"] as? String == "reader@p.iam.gserviceaccount.com" && claims["kid"] as? String == "key-1")
        #expect(claims["scope"] as? String == scope && claims["alg"] as? String == "RS256")
        let (issued, end) = (try #require(claims["iat"] as? Int), try #require(claims["exp"] as? Int))
        #expect(end - issued == 3600 && abs(Double(issued) - Date().timeIntervalSince1970) < 60)
    }

    @Test func `a token is asked for once, and anew shortly before its end or when it was refused`() throws {
        let count = Mutex(0)
        let peer = try AnsweringServer { _ in
            let number = count.withLock {
                $0 += 1
                return $0
            }
            // The second lives so shortly that it is over at once.
            return Self.token("t\(number)", seconds: number == 2 ? 0.000_001 : 3599)
        }
        let key = try TestSigningKey("key-1")
        let source = try GoogleTokenSource(
            HTTPClient(), keyFile: keyFile(key, url: peer.url), scope: scope, environment: [:])
        #expect(try [source.token(), source.token(), source.token()] == ["t1", "t1", "t1"])
        source.forget("other")
        #expect(try source.token() == "t1")
        source.forget("t1")
        #expect(try [source.token(), source.token(), source.token()] == ["t2", "t3", "t3"])
    }

    @Test func `while a new token cannot be had the old one does until its end`() throws {
        let peer = try AnsweringServer { _ in Self.token("old", seconds: 0.4) }
        let key = try TestSigningKey("key-1")
        let source = try GoogleTokenSource(
            HTTPClient(), keyFile: keyFile(key, url: peer.url), scope: scope, environment: [:])
        #expect(try source.token() == "old")
        peer.answer { _ in HTTPResponse(status: 503) }
        // It is renewed after half its life; the refusals before its end do no harm.
        var ends = false
        #expect(
            Patience.wait {
                do { ends = try source.token() != "old" } catch { ends = "\(error)".contains("503") }
                return ends
            })
        #expect(peer.asked.count >= 2)
    }

    @Test func `the metadata server is asked as it wants it`() throws {
        let peer = try AnsweringServer { _ in Self.token("m") }
        let host = peer.url.replacing("http://", with: "")
        let source = try GoogleTokenSource(
            HTTPClient(), keyFile: nil, scope: scope, environment: ["GCE_METADATA_HOST": host])
        #expect(try source.token() == "m" && source.project == nil)
        let request = try #require(peer.asked.first)
        #expect(request.method == .get && request.headers["Metadata-Flavor"] == "Google")
        #expect(request.path == "/computeMetadata/v1/instance/service-accounts/default/token")
    }

    @Test func `where there is no metadata server the error says what is needed`() throws {
        let source = try GoogleTokenSource(
            HTTPClient(), keyFile: nil, scope: scope, environment: ["GCE_METADATA_HOST": "127.0.0.1:1"])
        let error = #expect(throws: CloudError.self) { try source.token() }
        #expect(error?.kind == .unavailable && error?.message.contains("GOOGLE_APPLICATION_CREDENTIALS") == true)
    }

    @Test(arguments: [
        (400, #"{"error":"invalid_grant","error_description":"Invalid JWT: SECRET"}"#, CloudError.Kind.denied),
        (503, "", .unavailable), (429, "{", .throttled), (200, "{}", .malformed), (200, "[", .malformed),
        (200, #"{"access_token":"a b","expires_in":5}"#, .malformed),
        (200, #"{"access_token":"","expires_in":5}"#, .malformed),
        (200, #"{"access_token":"a","expires_in":-5}"#, .malformed),
        (302, "", .denied),
    ])
    func `an answer without a token is an error that repeats no secret`(
        _ status: Int, _ body: String, _ kind: CloudError.Kind
    ) throws {
        // The endpoint repeats what it was sent.
        let peer = try AnsweringServer { request in
            let assertion = request.text.split(separator: "=").last.map(String.init) ?? ""
            return .json(body.replacing("SECRET", with: assertion), status: status)
        }
        let key = try TestSigningKey("key-1")
        let source = try GoogleTokenSource(
            HTTPClient(), keyFile: keyFile(key, url: peer.url), scope: scope, environment: [:])
        let error = #expect(throws: CloudError.self) { try source.token() }
        #expect(error?.kind == kind)
        let secret = try assertion(try #require(peer.asked.last))
        #expect(error?.description.contains(secret) == false)
        #expect(body.contains("SECRET") == (error?.description.contains("***") == true))
    }

    @Test func `key files of no use are refused, and nothing of the key is repeated`() throws {
        let key = try TestSigningKey("key-1")
        let url = "http://127.0.0.1:9"
        let wrong: [([String: String?], String)] = [
            (["type": "authorized_user"], "authorized_user"), (["private_key": nil], "lacks"),
            (["private_key": "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"], "PEM"),
            (["private_key": try key.lockedPEM()], "passphrase"), (["client_email": ""], "lacks"),
            (["token_uri": "http://elsewhere.example/token"], "https"), (["token_uri": "nonsense"], "no address"),
        ]
        for (changes, words) in wrong {
            let file = try keyFile(key, changes, url: url)
            let error = #expect(throws: CloudError.self) {
                try GoogleTokenSource(HTTPClient(), keyFile: file, scope: scope, environment: [:])
            }
            #expect(error?.kind == .denied && error?.description.contains(words) == true, "\(changes.keys)")
            #expect(error?.description.contains("PRIVATE KEY") == false && error?.operation == file)
        }
        #expect(throws: CloudError.self) {
            try GoogleTokenSource(HTTPClient(), keyFile: folder.path + "/none", scope: scope, environment: [:])
        }
    }
}
