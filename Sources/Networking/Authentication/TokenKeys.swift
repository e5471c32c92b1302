internal import COpenSSL
internal import Foundation

/// Public keys that sign tokens, by their id: a JSON Web Key Set.
///
/// - Source: RFC 7517 section 5, RFC 7518 section 6.3.1.
struct TokenKeys: Sendable {
    private let keys: [String: SigningKey]

    /// Keys of RSA of at least 2048 bits; others are left out.
    ///
    /// - Throws: `TokenError` where the text is no key set, or holds no key that can be used.
    init(json: [UInt8]) throws(TokenError) {
        guard let set = try? JSONDecoder().decode(KeySet.self, from: Data(json)) else {
            throw TokenError("the keys are not a JSON Web Key Set, `{\"keys\":[…]}`")
        }
        var keys: [String: SigningKey] = [:]
        for key in set.keys where key.kty == "RSA" && (key.alg ?? "RS256") == "RS256" && (key.use ?? "sig") == "sig" {
            guard let identifier = key.kid, let modulus = key.n.flatMap({ Base64URL.decode($0) }),
                let exponent = key.e.flatMap({ Base64URL.decode($0) }), modulus.count >= 256,
                let signing = SigningKey(modulus: modulus, exponent: exponent)
            else { continue }
            keys[identifier] = signing
        }
        guard !keys.isEmpty else {
            throw TokenError("the key set holds no RSA key of at least 2048 bits for signatures")
        }
        self.keys = keys
    }

    /// The key with an id.
    subscript(identifier: String) -> SigningKey? { keys[identifier] }

    private struct KeySet: Decodable {
        let keys: [Key]
    }
    private struct Key: Decodable {
        let kty: String
        let kid: String?
        let alg: String?
        let use: String?
        let n: String?
        let e: String?
    }
}

/// A public key of RSA.
///
/// - Threading: any thread.
@safe
final class SigningKey: @unchecked Sendable {  // the library counts references and only reads a finished key
    private let key: OpaquePointer

    /// - Returns: nil where the numbers are no key.
    init?(modulus: [UInt8], exponent: [UInt8]) {
        guard let key = unsafe td_rsa_key(modulus, modulus.count, exponent, exponent.count) else { return nil }
        unsafe self.key = key
    }

    deinit { unsafe td_rsa_key_free(key) }

    /// True where `signature` is that of `message` by RSASSA-PKCS1-v1_5 with SHA-256.
    func verifies(_ message: [UInt8], _ signature: [UInt8]) -> Bool {
        unsafe td_rs256_verify(key, message, message.count, signature, signature.count) == 1
    }
}
