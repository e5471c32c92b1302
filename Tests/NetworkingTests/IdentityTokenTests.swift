import Foundation
import Platform
import TestKit
import Testing

@testable import Networking

@Suite struct IdentityTokenTests {
    private let now: Int64 = 1_769_785_200
    private let requirements = TokenRequirements(
        issuer: "https://accounts.google.com", audience: "https://tape.example/push", email: "push@p.iam.example")
    private func claims(_ changes: [String: Any?] = [:]) -> [String: Any] {
        var claims: [String: Any] = [
            "iss": "https://accounts.google.com", "aud": "https://tape.example/push", "exp": now + 3600, "iat": now,
            "email": "push@p.iam.example", "email_verified": true,
        ]
        for (name, value) in changes { claims[name] = value }
        return claims
    }
    private func verifier(_ keys: TestSigningKey, in folder: TemporaryFolder) throws -> TokenVerifier {
        try Data(keys.set.utf8).write(to: folder.url.appending(path: "keys.json"))
        return try TokenVerifier(keysAt: folder.path + "/keys.json", requirements)
    }
    private func refusal(_ verifier: TokenVerifier, _ token: String?) -> String? {
        let headers: HTTPHeaders = token.map { ["Authorization": "Bearer \($0)"] } ?? [:]
        do {
            try verifier.verify(headers, nowNs: now * 1_000_000_000)
            return nil
        } catch { return "\(error)" }
    }

    @Test func `a token is good where signature, issuer, audience, account and times are`() throws {
        let folder = TemporaryFolder()
        let key = try TestSigningKey("one")
        let verifier = try verifier(key, in: folder)
        #expect(refusal(verifier, try key.token(claims())) == nil)
        #expect(refusal(verifier, try key.token(claims(["iss": "accounts.google.com"]))) == nil)
        #expect(refusal(verifier, try key.token(claims(["aud": ["x", "https://tape.example/push"]]))) == nil)
        #expect(refusal(verifier, try key.token(claims(["exp": now - 59]))) == nil)
        let wrong: [([String: Any?], String)] = [
            (["iss": "https://evil.example"], "issuer is not"), (["aud": "other"], "another audience"),
            (["exp": now - 61], "expired"), (["iat": now + 61], "future"), (["email": "x@y"], "does not stand for"),
            (["email": nil], "does not stand for"), (["email_verified": false], "does not stand for"),
            (["exp": nil], "lacks issuer"),
        ]
        for (changes, words) in wrong {
            var changed = claims()
            for (name, value) in changes {
                if let value { changed[name] = value } else { changed.removeValue(forKey: name) }
            }
            #expect(refusal(verifier, try key.token(changed))?.contains(words) == true, "\(changes)")
        }
    }

    @Test func `a token of another key, with another signature or without one is refused`() throws {
        let folder = TemporaryFolder()
        let (key, other) = (try TestSigningKey("one"), try TestSigningKey("two"))
        let verifier = try verifier(key, in: folder)
        let good = try key.token(claims())
        #expect(refusal(verifier, nil)?.contains("is needed") == true)
        #expect(refusal(verifier, try other.token(claims()))?.contains("not known") == true)
        #expect(refusal(verifier, try other.token(claims(), named: "one"))?.contains("signature is wrong") == true)
        let parts = good.split(separator: ".")
        let forged = try other.token(claims(["email": "x@y"])).split(separator: ".")
        #expect(refusal(verifier, "\(parts[0]).\(forged[1]).\(parts[2])")?.contains("signature is wrong") == true)
        for text in ["", "a.b", "\(parts[0]).\(parts[1])", "\(parts[0]).\(parts[1]).!", "a.b.c"] {
            #expect(refusal(verifier, text) != nil, "\(text)")
        }
        let unsigned = TestSigningKey.base64URL(Data(#"{"alg":"none","kid":"one"}"#.utf8))
        #expect(refusal(verifier, "\(unsigned).\(parts[1]).")?.contains("RS256") == true)
        // What refuses says nothing that could be used.
        #expect(refusal(verifier, try other.token(claims()))?.contains(parts[1]) == false)
    }

    @Test func `keys are read again when their file changes, and a damaged file leaves those known`() throws {
        let folder = TemporaryFolder()
        let (old, new) = (try TestSigningKey("one"), try TestSigningKey("two"))
        let verifier = try verifier(old, in: folder)
        #expect(refusal(verifier, try new.token(claims())) != nil)
        try Data(new.set.utf8).write(to: folder.url.appending(path: "keys.json"))
        let token = try new.token(claims())
        #expect(Patience.wait { refusal(verifier, token) == nil })
        #expect(refusal(verifier, try old.token(claims())) != nil)
        #expect(throws: TokenError.self) { try TokenVerifier(keysAt: folder.path + "/none.json", requirements) }
        for text in ["", "{}", #"{"keys":[]}"#, #"{"keys":[{"kty":"RSA","kid":"a","n":"AQAB","e":"AQAB"}]}"#] {
            try Data(text.utf8).write(to: folder.url.appending(path: "bad.json"))
            #expect(throws: TokenError.self) { try TokenVerifier(keysAt: folder.path + "/bad.json", requirements) }
        }
    }

    @Test(arguments: [("", [UInt8]()), ("Zg", [0x66]), ("Zm8", [0x66, 0x6f]), ("-_8", [0xfb, 0xff])])
    func `base 64 of tokens is read without padding`(_ text: String, _ bytes: [UInt8]) {
        #expect(Base64URL.decode(text) == bytes)
    }

    @Test(arguments: ["Z", "Zg=", "Zm+", "Zm/", "Zh", "Zm8h!"])
    func `base 64 of another kind is refused`(_ text: String) { #expect(Base64URL.decode(text) == nil) }
}
