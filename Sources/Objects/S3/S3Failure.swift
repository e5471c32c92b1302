internal import Networking
internal import Platform

/// What a service says when it does not do something.
///
/// - Source: Amazon S3 API Reference, "Error responses".
struct S3Failure {
    /// The service's own name, such as `NoSuchBucket`; empty where it gave none.
    let code: String
    let status: Int
    let message: String
    /// How long it asks to wait, in nanoseconds.
    let retryAfterNs: Int64?

    /// - Parameter secrets: what no text may show.
    init(_ response: HTTPResponse, secrets: [String]) {
        let error = XMLElement(document: response.body).flatMap { $0.name == "Error" ? $0 : $0["Error"] }
        let code = CloudErrorText.shown(error?["Code"]?.text ?? "", without: secrets)
        self.code = code
        status = response.status
        var text = code.isEmpty ? "\(status) \(HTTPResponse.reason(status))" : "\(status) \(code)"
        if let said = error?["Message"]?.text, !said.isEmpty { text += ": \(said)" }
        // A wrong region is told by the right one.
        if let region = error?["Region"]?.text ?? response.headers["x-amz-bucket-region"], (300..<500).contains(status)
        {
            text += " (the bucket is in `\(region)`)"
        }
        message = CloudErrorText.shown(text, without: secrets)
        retryAfterNs = response.retryAfterNs(now: .now())
    }

    /// Whether the same request may be answered otherwise soon.
    var isPassing: Bool {
        Self.passing.contains(code) || [408, 429].contains(status) || (500..<600).contains(status) && status != 501
    }

    var kind: ObjectError.Kind {
        switch status {
        case _ where isPassing: .unavailable
        case _ where Self.denials.contains(code): .denied
        case 401, 403: .denied
        case 404: .missing
        case 200..<300: .malformed
        default: .refused
        }
    }

    private static let passing = [
        "SlowDown", "Throttling", "ThrottlingException", "RequestTimeout", "RequestLimitExceeded", "TooManyRequests",
        "InternalError", "ServiceUnavailable", "ConditionalRequestConflict", "OperationAborted", "BadDigest",
        "IncompleteBody",
    ]
    private static let denials = [
        "AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken",
        "TokenRefreshRequired",
        "AuthorizationHeaderMalformed", "RequestTimeTooSkewed", "AccountProblem", "AllAccessDisabled",
        "InvalidSecurity",
    ]
}
