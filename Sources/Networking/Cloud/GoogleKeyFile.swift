internal import Foundation
internal import Platform

/// The key file of a service account of Google Cloud.
///
/// - Source: Google Cloud documentation, "Create and delete service account keys"; the members that are read are `type`,
///   `client_email`, `private_key`, `private_key_id`, `token_uri`, `project_id`.
struct GoogleKeyFile: Sendable {
    let email: String
    /// Where tokens are asked for.
    let tokenURL: HTTPURL
    let project: String
    private let signer: TokenSigner
    /// How long a token is asked for, in seconds: the longest that is given.
    private static let lifetimeSeconds: Int64 = 3600
    private static let bytesMax: Int64 = 1 << 20

    private struct Members: Decodable {
        let type: String?
        let client_email: String?
        let private_key: String?
        let private_key_id: String?
        let token_uri: String?
        let project_id: String?
    }

    /// Reads a key file.
    ///
    /// - Throws: `CloudError` (`denied`) that names the file and repeats nothing of the key.
    init(_ path: String) throws(CloudError) {
        let bytes: [UInt8]
        do throws(FileError) {
            let file = try File(path, .read)
            bytes = try file.read(Int(min(file.size, Self.bytesMax)), at: 0)
        } catch {
            throw CloudError(.denied, "the key file cannot be read: \(error.reason)", operation: path)
        }
        let refuse = { (message: String) in CloudError(.denied, message, operation: path) }
        guard let members = try? JSONDecoder().decode(Members.self, from: Data(bytes)) else {
            throw refuse("this is no key file of a service account, which is a JSON object")
        }
        guard members.type == "service_account" else {
            let type = CloudErrorText.shown(members.type ?? "", without: [members.private_key ?? ""])
            throw refuse("the file is of the type `\(type)`; only keys of a `service_account` are supported")
        }
        guard let email = members.client_email, !email.isEmpty, let pem = members.private_key else {
            throw refuse("the key file lacks `client_email` or `private_key`")
        }
        guard let url = try? HTTPURL(members.token_uri ?? Self.usualTokenURL) else {
            throw refuse("the key file's `token_uri` is no address")
        }
        guard url.isSecure || url.isLoopback else { throw refuse("the key file's `token_uri` is not https") }
        do throws(TokenError) {
            signer = try TokenSigner(pem: pem, keyIdentifier: members.private_key_id ?? "")
        } catch {
            throw refuse("\(error)")
        }
        self.email = email
        project = members.project_id ?? ""
        tokenURL = url
    }

    private static let usualTokenURL = "https://oauth2.googleapis.com/token"

    /// The request that gives an access token for a signed statement of who asks for what.
    ///
    /// - Source: Google Identity, "Using OAuth 2.0 for server to server applications"; RFC 7523.
    /// - Parameter now: seconds since 1970.
    func request(scope: String, now: Int64) throws(CloudError) -> HTTPClientRequest {
        let claims =
            "{\"iss\":\(JSONText.quoted(email)),\"scope\":\(JSONText.quoted(scope)),"
            + "\"aud\":\(JSONText.quoted(tokenURL.text)),\"iat\":\(now),\"exp\":\(now + Self.lifetimeSeconds)}"
        let assertion: String
        do throws(TokenError) { assertion = try signer.token(claims) } catch {
            throw CloudError(.denied, "\(error)", operation: email)
        }
        let grant = PercentEncoding.encode("urn:ietf:params:oauth:grant-type:jwt-bearer")
        return HTTPClientRequest(
            .post, url: tokenURL, headers: ["Content-Type": "application/x-www-form-urlencoded"],
            body: Array("grant_type=\(grant)&assertion=\(assertion)".utf8))
    }
}
