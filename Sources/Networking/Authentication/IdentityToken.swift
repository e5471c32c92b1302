internal import Foundation

/// Why a token is refused; never holds a part of it that could be used.
public struct TokenError: Error, Sendable, CustomStringConvertible {
    public let description: String
    init(_ description: String) { self.description = description }
}

/// What an identity token must say.
public struct TokenRequirements: Sendable {
    /// Who issues tokens, for example `https://accounts.google.com`; stated with or without the scheme.
    public let issuer: String
    /// Whom they are for.
    public let audience: String
    /// The account that they stand for.
    public let email: String

    public init(issuer: String, audience: String, email: String) {
        self.issuer = issuer
        self.audience = audience
        self.email = email
    }
}

/// A signed OpenID Connect token (JSON Web Token, RS256).
///
/// - Source: RFC 7515, RFC 7519; OpenID Connect Core 1.0 section 3.1.3.7.
struct IdentityToken {
    /// How far clocks may be apart, in seconds.
    static let clockSkewSeconds = 60.0

    private struct Header: Decodable {
        let alg: String
        let kid: String?
    }
    private struct Claims: Decodable {
        let iss: String
        let aud: Audience
        let exp: Double
        let iat: Double?
        let email: String?
        let email_verified: Bool?
    }
    /// One audience or several.
    private struct Audience: Decodable {
        let values: [String]
        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let one = try? container.decode(String.self) {
                values = [one]
            } else {
                values = try container.decode([String].self)
            }
        }
    }

    private let header: Header
    private let claims: Claims
    private let signed: [UInt8]
    private let signature: [UInt8]
    /// The id of the key that signed it.
    var keyIdentifier: String { header.kid ?? "" }

    /// Takes a token apart.
    ///
    /// - Throws: `TokenError` where it is none, or signed in another way.
    init(_ text: some StringProtocol) throws(TokenError) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let head = Base64URL.decode(parts[0]), let body = Base64URL.decode(parts[1]),
            let signature = Base64URL.decode(parts[2])
        else { throw TokenError("the bearer token is not a signed JSON Web Token") }
        guard let header = try? JSONDecoder().decode(Header.self, from: Data(head)) else {
            throw TokenError("the token's header cannot be read")
        }
        guard header.alg == "RS256" else { throw TokenError("the token is not signed with RS256") }
        guard let claims = try? JSONDecoder().decode(Claims.self, from: Data(body)) else {
            throw TokenError("the token lacks issuer, audience or expiry")
        }
        self.header = header
        self.claims = claims
        self.signature = signature
        signed = Array("\(parts[0]).\(parts[1])".utf8)
    }

    /// Checks signature and claims.
    ///
    /// - Parameter now: seconds since 1970.
    /// - Throws: `TokenError` with the first that does not hold.
    func verify(_ keys: TokenKeys, _ wanted: TokenRequirements, now: Double) throws(TokenError) {
        guard let key = keys[keyIdentifier] else {
            throw TokenError("the token is signed with a key that is not known")
        }
        guard key.verifies(signed, signature) else { throw TokenError("the token's signature is wrong") }
        guard claims.iss == wanted.issuer || "https://" + claims.iss == wanted.issuer else {
            throw TokenError("the token's issuer is not \(wanted.issuer)")
        }
        guard claims.aud.values.contains(wanted.audience) else {
            throw TokenError("the token is for another audience than \(wanted.audience)")
        }
        guard claims.exp > now - Self.clockSkewSeconds else { throw TokenError("the token has expired") }
        guard (claims.iat ?? 0) < now + Self.clockSkewSeconds else {
            throw TokenError("the token was issued in the future: do the clocks differ?")
        }
        guard claims.email == wanted.email, claims.email_verified == true else {
            throw TokenError("the token does not stand for \(wanted.email)")
        }
    }
}
