internal import Foundation
internal import Platform

/// Asks one of Amazon's services that speak JSON (protocol `awsJson1.1`, such as Kinesis), with signed requests.
///
/// - Source: Smithy, "AWS JSON 1.1 protocol".
/// - Threading: any thread.
public final class AWSService: Sendable {
    private let client: HTTPClient
    private let credentials: AWSCredentialSource
    private let endpoint: HTTPURL
    private let region: String
    private let service: String
    private let prefix: String

    /// - Parameters:
    ///   - endpoint: where it is; nil for the service's own address in the region.
    ///   - region: for example `eu-central-1`.
    ///   - service: its name in signatures and addresses, for example `kinesis`.
    ///   - prefix: what stands before an action's name, for example `Kinesis_20131202`.
    public init(
        _ client: HTTPClient, _ credentials: AWSCredentialSource, endpoint: HTTPURL?, region: String, service: String,
        prefix: String
    ) throws(NetworkError) {
        self.client = client
        self.credentials = credentials
        self.region = region
        self.service = service
        self.prefix = prefix
        self.endpoint = if let endpoint { endpoint } else { try Self.endpoint(service, region) }
    }

    /// The service's own address.
    private static func endpoint(_ service: String, _ region: String) throws(NetworkError) -> HTTPURL {
        let isChina = region.hasPrefix("cn-")
        return try HTTPURL("https://\(service).\(region).amazonaws.com\(isChina ? ".cn" : "")/")
    }

    /// Performs an action and returns the answer's body.
    ///
    /// - Parameter body: its arguments, a JSON object.
    /// - Throws: `CloudError`; it names the action, and no secrets.
    public func call(
        _ action: String, _ body: String, isCancelled: () -> Bool = { false }
    ) throws(CloudError) -> [UInt8] {
        try call(action, Array(body.utf8), isCancelled: isCancelled)
    }

    /// Performs an action whose arguments are given as the bytes of a JSON object.
    public func call(
        _ action: String, _ body: [UInt8], isCancelled: () -> Bool = { false }
    ) throws(CloudError) -> [UInt8] {
        let keys = try credentials.credentials()
        var request = HTTPClientRequest(
            .post, url: endpoint,
            headers: ["Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "\(prefix).\(action)"],
            body: body)
        request.redirects = .never
        request.signature = keys.signature(region: region, service: service)
        let response: HTTPResponse
        do throws(NetworkError) {
            response = try client.send(request, isCancelled: isCancelled)
        } catch {
            throw CloudError(error)
        }
        guard response.status == 200 else { throw Self.error(response, operation: action, keys) }
        return response.body
    }

    private struct Fault: Decodable {
        let __type: String?
        let message: String?
        let Message: String?
    }

    private static func error(_ response: HTTPResponse, operation: String, _ keys: AWSCredentials) -> CloudError {
        let fault = try? JSONDecoder().decode(Fault.self, from: Data(response.body))
        // `namespace#Name`, or in the header field `Name:address`.
        let text = fault?.__type ?? response.headers["x-amzn-ErrorType"] ?? ""
        let name = String((text.split(separator: "#").last ?? "").prefix { $0 != ":" }.prefix(100))
        var message = "\(response.status) \(name.isEmpty ? HTTPResponse.reason(response.status) : name)"
        if let said = fault?.message ?? fault?.Message, !said.isEmpty { message += ": \(said)" }
        return CloudError(
            kind(name, status: response.status), CloudErrorText.shown(message, without: keys.secrets),
            name: CloudErrorText.shown(name, without: keys.secrets), operation: operation,
            retryAfterNs: response.retryAfterNs(now: .now()))
    }

    private static let throttles = [
        "ProvisionedThroughputExceededException", "LimitExceededException", "ThrottlingException", "Throttling",
        "RequestLimitExceeded", "TooManyRequestsException", "SlowDown", "KMSThrottlingException",
    ]
    private static let denials = [
        "AccessDeniedException", "AccessDenied", "UnrecognizedClientException", "InvalidClientTokenId",
        "InvalidSignatureException", "SignatureDoesNotMatch", "IncompleteSignatureException", "ExpiredTokenException",
        "MissingAuthenticationTokenException", "OptInRequired", "NotAuthorized", "KMSAccessDeniedException",
    ]

    private static func kind(_ name: String, status: Int) -> CloudError.Kind {
        switch status {
        case _ where throttles.contains(name): .throttled
        case _ where denials.contains(name): .denied
        case _ where name == "ResourceNotFoundException": .missing
        case 429: .throttled
        case 408, 500..<600: .unavailable
        case 401, 403: .denied
        case 404: .missing
        case 200..<400: .malformed
        default: .refused
        }
    }
}
