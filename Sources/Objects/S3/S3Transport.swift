internal import Networking
internal import Platform

/// Sends signed requests to a bucket, again where that helps.
///
/// - Source: Amazon S3 API Reference, "Authenticating Requests (AWS Signature Version 4)"; Google Cloud Storage,
///   "HMAC keys" and "V4 signing process".
/// - Threading: any thread.
struct S3Transport: Sendable {
    let place: S3Place
    private let client: HTTPClient
    private let credentials: AWSCredentialSource
    private let retry: S3Retry

    init(_ place: S3Place, _ client: HTTPClient, _ credentials: AWSCredentialSource, retry: S3Retry) {
        self.place = place
        self.client = client
        self.credentials = credentials
        self.retry = retry
    }

    /// A request to a bucket.
    struct Request {
        var method: HTTPMethod
        /// nil for the bucket itself.
        var key: String?
        var query: [(name: String, value: String)] = []
        var headers: [(name: String, value: String)] = []
        var body: [UInt8] = []
        /// Whether the object must not be there.
        var isConditional = false
        /// Statuses of answers that are returned beside 2xx, so that the caller looks at them.
        var expected: Set<Int> = []
    }

    /// An answer, and whether an earlier attempt may have been carried out without one.
    struct Answer {
        let response: HTTPResponse
        let isUncertain: Bool
    }

    /// What became of one attempt.
    private enum Outcome {
        case answered(HTTPResponse)
        /// It did not work, and may work in a moment.
        case failed(ObjectError, isUncertain: Bool, askedNs: Int64?)
    }

    /// - Throws: `ObjectError` without secrets, once attempts no longer help.
    func send(_ request: Request) throws(ObjectError) -> Answer {
        let digest = SHA256Digest.hexadecimal(request.body)
        var isUncertain = false
        var attempt = 0
        while true {
            attempt += 1
            switch try self.attempt(request, digest) {
            case .answered(let response): return Answer(response: response, isUncertain: isUncertain)
            case .failed(let error, let isOpen, let askedNs):
                guard attempt < retry.attempts else { throw error }
                isUncertain = isUncertain || isOpen
                Pause.wait(ns: retry.waitNs(after: attempt, askedNs: askedNs))
            }
        }
    }

    private func attempt(_ request: Request, _ digest: String) throws(ObjectError) -> Outcome {
        let operation = "\(request.method.rawValue) \(place.name(request.key))"
        let keys: AWSCredentials
        do throws(CloudError) { keys = try credentials.credentials() } catch {
            throw ObjectError(.denied, error.message, operation: operation)
        }
        let response: HTTPResponse
        do throws(NetworkError) {
            response = try client.send(try signed(request, digest, keys))
        } catch {
            let failure = translated(error, operation)
            guard failure.kind == .unavailable else { throw failure }
            return .failed(failure, isUncertain: true, askedNs: nil)
        }
        if (200..<300).contains(response.status) || request.expected.contains(response.status) {
            return .answered(response)
        }
        let said = S3Failure(response, secrets: keys.secrets)
        let failure = ObjectError(said.kind, said.message, operation: operation)
        guard said.isPassing else { throw failure }
        // 409 and 429 say that nothing was done; after others nobody knows.
        return .failed(
            failure, isUncertain: ![409, 429].contains(said.status), askedNs: said.retryAfterNs)
    }

    private func signed(
        _ request: Request, _ digest: String, _ keys: AWSCredentials
    ) throws(NetworkError) -> HTTPClientRequest {
        let isGoogle = place.dialect == .google
        var sent = HTTPClientRequest(request.method, url: try place.url(request.key, request.query), body: request.body)
        sent.headers.add(isGoogle ? "x-goog-content-sha256" : "x-amz-content-sha256", digest)
        for (name, value) in request.headers { sent.headers.add(name, value) }
        if request.isConditional {
            isGoogle
                ? sent.headers.add("x-goog-if-generation-match", "0") : sent.headers.add("If-None-Match", "*")
            // The library would send it again by itself, and the second answer would be that there is one already.
            sent.isRepeatable = false
        }
        sent.redirects = .never
        sent.unpacksAnswer = false
        sent.signature = keys.signature(region: place.region, service: isGoogle ? "storage" : "s3")
        if isGoogle { sent.signature?.provider = .google }
        return sent
    }

    private func translated(_ error: NetworkError, _ operation: String) -> ObjectError {
        let kind: ObjectError.Kind =
            switch error.code {
            case .configuration, .certificate: .refused
            case .protocol where error.message.hasPrefix("the answer is longer"): .malformed
            default: .unavailable
            }
        return ObjectError(kind, "\(place.address): \(error.message)", operation: operation)
    }
}
