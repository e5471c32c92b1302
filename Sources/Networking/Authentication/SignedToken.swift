internal import COpenSSL
internal import Platform

/// Makes signed tokens (JSON Web Token, RS256) with a private key of RSA.
///
/// - Source: RFC 7515, RFC 7519.
/// - Threading: any thread.
@safe
final class TokenSigner: @unchecked Sendable {  // the library counts references and only reads a finished key
    private let key: OpaquePointer
    private let keyIdentifier: String

    /// - Parameters:
    ///   - pem: the key, of at least 2048 bits, without a passphrase.
    ///   - keyIdentifier: its name in the token's header; may be empty.
    /// - Throws: `TokenError` that repeats nothing of the key.
    init(pem: String, keyIdentifier: String) throws(TokenError) {
        var pem = pem
        guard let key = pem.withUTF8({ unsafe Self.key($0) }) else {
            throw TokenError("the private key is no PEM text of an RSA key of at least 2048 bits without a passphrase")
        }
        unsafe self.key = key
        self.keyIdentifier = keyIdentifier
    }

    private static func key(_ pem: UnsafeBufferPointer<UInt8>) -> OpaquePointer? {
        guard pem.count < 1 << 20 else { return nil }
        return unsafe pem.withMemoryRebound(to: CChar.self) { unsafe td_private_key($0.baseAddress, $0.count) }
    }

    deinit { unsafe td_rsa_key_free(key) }

    /// A token with some claims.
    ///
    /// - Parameter claims: a JSON object.
    func token(_ claims: String) throws(TokenError) -> String {
        var header = "{\"alg\":\"RS256\",\"typ\":\"JWT\""
        if !keyIdentifier.isEmpty { header += ",\"kid\":\(JSONText.quoted(keyIdentifier))" }
        let signed = "\(Base64URL.encode(Array((header + "}").utf8))).\(Base64URL.encode(Array(claims.utf8)))"
        let message = Array(signed.utf8)
        var signature = [UInt8](repeating: 0, count: unsafe td_signature_count(key))
        let count = unsafe td_rs256_sign(key, message, message.count, &signature, signature.count)
        guard count > 0 else { throw TokenError("the private key cannot sign") }
        return "\(signed).\(Base64URL.encode(Array(signature[..<count])))"
    }
}
