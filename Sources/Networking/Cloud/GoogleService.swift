internal import Foundation
internal import Platform

/// Asks one of Google's services over REST, with the token that it wants.
///
/// - Source: Google Cloud documentation, "HTTP guidelines"; AIP-193 for errors.
/// - Threading: any thread.
public final class GoogleService: Sendable {
    private let client: HTTPClient
    private let tokens: GoogleTokenSource?
    private let endpoint: HTTPURL

    /// - Parameters:
    ///   - tokens: nil for an emulator, which wants none.
    ///   - endpoint: scheme and host, for example `https://pubsub.googleapis.com`.
    public init(_ client: HTTPClient, _ tokens: GoogleTokenSource?, endpoint: HTTPURL) {
        self.client = client
        self.tokens = tokens
        self.endpoint = endpoint
    }

    /// Posts a JSON object and returns the answer's body.
    public func post(
        _ path: String, _ body: String, operation: String, isCancelled: () -> Bool = { false }
    ) throws(CloudError) -> [UInt8] {
        try send(.post, path, Array(body.utf8), operation: operation, isCancelled: isCancelled)
    }

    /// Sends a request and returns the answer's body. A token that is refused is renewed once.
    ///
    /// - Parameters:
    ///   - path: with its query; percent-encoded, starting with `/`.
    ///   - type: of the body.
    ///   - operation: what errors call it.
    /// - Throws: `CloudError` without secrets.
    public func send(
        _ method: HTTPMethod, _ path: String, _ body: [UInt8] = [], type: String = "application/json",
        operation: String, isCancelled: () -> Bool = { false }
    ) throws(CloudError) -> [UInt8] {
        var request: HTTPClientRequest
        do throws(NetworkError) {
            request = HTTPClientRequest(method, url: try endpoint.replacingTarget(path), body: body)
        } catch {
            throw CloudError(.refused, error.message, operation: operation)
        }
        request.redirects = .never
        var isSecondTry = false
        while true {
            let token = try tokens?.token(isCancelled: isCancelled)
            request.headers = body.isEmpty ? [:] : ["Content-Type": type]
            // Without this word no answer of theirs is compressed: "Performance tips", "gzip".
            request.headers.add("User-Agent", "tapedeck (gzip)")
            if let token { request.headers.add("Authorization", "Bearer \(token)") }
            let response: HTTPResponse
            do throws(NetworkError) {
                response = try client.send(request, isCancelled: isCancelled)
            } catch {
                throw CloudError(error)
            }
            if (200..<300).contains(response.status) { return response.body }
            if response.status == 401, let token, !isSecondTry {
                tokens?.forget(token)
                isSecondTry = true
                continue
            }
            throw Self.error(response, operation: operation, secrets: [token ?? ""])
        }
    }

    private struct Fault: Decodable {
        struct Status: Decodable {
            struct Reason: Decodable {
                let reason: String?
            }
            let message: String?
            let status: String?
            let errors: [Reason]?
        }
        let error: Status?
    }

    private static let limits = ["rateLimitExceeded", "userRateLimitExceeded", "jobRateLimitExceeded", "quotaExceeded"]

    private static func error(_ response: HTTPResponse, operation: String, secrets: [String]) -> CloudError {
        let fault = (try? JSONDecoder().decode(Fault.self, from: Data(response.body)))?.error
        // Services that tell a reason mean it: of those that tell both, `403 PERMISSION_DENIED` can be a limit of calls.
        let name = fault?.errors?.first?.reason ?? fault?.status ?? ""
        var message = "\(response.status) \(name.isEmpty ? HTTPResponse.reason(response.status) : name)"
        if let said = fault?.message, !said.isEmpty { message += ": \(said)" }
        let kind: CloudError.Kind =
            switch response.status {
            case 429: .throttled
            case 403 where limits.contains(name): .throttled
            case 401, 403: .denied
            case 404: .missing
            case 408, 409, 500..<600: .unavailable
            case 300..<400: .malformed
            default: .refused
            }
        return CloudError(
            kind, CloudErrorText.shown(message, without: secrets),
            name: CloudErrorText.shown(name, without: secrets), operation: operation,
            retryAfterNs: response.retryAfterNs(now: .now()))
    }
}
