internal import Foundation
internal import Platform

/// Gives access tokens for Google's services, each until shortly before it expires.
///
/// From the key file of a service account, or on Google's machines from their metadata server.
///
/// - Source: Google Cloud documentation, "View and query VM metadata", "Authenticate workloads using service accounts".
/// - Threading: any thread; one asks while the others wait.
public final class GoogleTokenSource: @unchecked Sendable {  // `lock` guards what changes
    private let client: HTTPClient
    private let scope: String
    private let key: GoogleKeyFile?
    private let metadata: HTTPURL
    private let lock = Lock()
    private var token: Token?

    private struct Token {
        let text: String
        /// When it is renewed, and when it is of no use any more, on the monotonic clock.
        let renewNs: Int64
        let endNs: Int64
    }
    private struct Answer: Decodable {
        let access_token: String
        let expires_in: Double
    }
    private struct Fault: Decodable {
        let error: String?
        let error_description: String?
    }

    /// So long before its end a token is renewed, in seconds, unless it lives less than twice as long.
    static let marginSeconds = 300.0
    /// Longest life that is believed, in seconds.
    private static let longestSeconds = 86_400.0

    /// - Parameters:
    ///   - keyFile: path of the key of a service account; nil asks the metadata server.
    ///   - scope: what tokens are for, for example `https://www.googleapis.com/auth/pubsub`.
    ///   - environment: `GCE_METADATA_HOST` names another metadata server.
    /// - Throws: `CloudError` where the key file is of no use.
    public init(
        _ client: HTTPClient, keyFile: String?, scope: String,
        environment: [String: String] = CloudEnvironment.process
    ) throws(CloudError) {
        self.client = client
        self.scope = scope
        key = if let keyFile { try GoogleKeyFile(keyFile) } else { nil }
        let host = environment["GCE_METADATA_HOST"].flatMap { $0.isEmpty ? nil : $0 } ?? "metadata.google.internal"
        let path = "/computeMetadata/v1/instance/service-accounts/default/token"
        do throws(NetworkError) {
            metadata = try HTTPURL("http://\(host)\(path)").adding("scopes", scope)
        } catch {
            throw CloudError(.denied, "GCE_METADATA_HOST is no host name", operation: host)
        }
    }

    /// The project of the key file; nil where there is none.
    public var project: String? { key.flatMap { $0.project.isEmpty ? nil : $0.project } }

    /// The token to send now, `Authorization: Bearer TOKEN`.
    ///
    /// - Throws: `CloudError` where none can be had; it holds no secret.
    public func token(isCancelled: () -> Bool = { false }) throws(CloudError) -> String {
        try lock.withLock { () throws(CloudError) -> String in
            let now = Stopwatch.monotonicNs()
            if let token, now < token.renewNs { return token.text }
            do throws(CloudError) {
                let fresh = try ask(isCancelled)
                token = fresh
                return fresh.text
            } catch {
                // The old one does a little longer.
                if let token, now < token.endNs, error.kind != .cancelled { return token.text }
                throw error
            }
        }
    }

    /// Forgets a token that a service refused.
    public func forget(_ text: String) {
        lock.withLock { if token?.text == text { token = nil } }
    }

    private func ask(_ isCancelled: () -> Bool) throws(CloudError) -> Token {
        let askedNs = Stopwatch.monotonicNs()
        var request =
            if let key { try key.request(scope: scope, now: Timestamp.now().nanoseconds / 1_000_000_000) } else {
                HTTPClientRequest(url: metadata, headers: ["Metadata-Flavor": "Google"])
            }
        request.redirects = .never
        let operation = key.map { "token for \($0.email)" } ?? "token of the metadata server"
        let response: HTTPResponse
        do throws(NetworkError) {
            response = try client.send(request, isCancelled: isCancelled)
        } catch {
            let failure = CloudError(error)
            guard key == nil, failure.kind == .unavailable else { throw failure }
            throw CloudError(
                .unavailable,
                "\(error.message); a program that does not run on Google's machines needs a key file "
                    + "(GOOGLE_APPLICATION_CREDENTIALS)", operation: operation)
        }
        guard response.status == 200 else { throw Self.error(response, request, operation) }
        guard let answer = try? JSONDecoder().decode(Answer.self, from: Data(response.body)),
            answer.access_token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }), !answer.access_token.isEmpty,
            answer.expires_in > 0
        else { throw CloudError(.malformed, "the answer holds no token", operation: operation) }
        let seconds = min(answer.expires_in, Self.longestSeconds)
        let lifeNs = { (seconds: Double) in askedNs + Int64(seconds * 1e9) }
        return Token(
            text: answer.access_token, renewNs: lifeNs(max(seconds - Self.marginSeconds, seconds / 2)),
            endNs: lifeNs(seconds))
    }

    private static func error(_ response: HTTPResponse, _ request: HTTPClientRequest, _ operation: String) -> CloudError
    {
        let fault = try? JSONDecoder().decode(Fault.self, from: Data(response.body))
        let words = [fault?.error, fault?.error_description].compactMap { $0 }.joined(separator: ": ")
        let status = "\(response.status) \(HTTPResponse.reason(response.status))"
        // The statement that was sent is good for an hour: no part of an answer may repeat it.
        let assertion = String(decoding: request.body, as: UTF8.self).split(separator: "=").last.map(String.init) ?? ""
        let kind: CloudError.Kind =
            switch response.status {
            case 429: .throttled
            case 408, 500..<600: .unavailable
            default: .denied
            }
        return CloudError(
            kind, CloudErrorText.shown(words.isEmpty ? status : "\(status): \(words)", without: [assertion]),
            operation: operation, retryAfterNs: response.retryAfterNs(now: .now()))
    }
}
