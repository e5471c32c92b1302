public import Networking
public import Platform

/// Objects in a bucket of Amazon S3, or of what speaks its language: MinIO, Ceph, R2, Google Cloud Storage.
///
/// - Source: Amazon S3 API Reference: PutObject, GetObject, HeadObject, ListObjectsV2, DeleteObject, and the multipart calls.
/// - Threading: any thread.
public final class S3ObjectStore: ObjectStore {
    public let place: S3Place
    public let credentials: AWSCredentialSource
    let transport: S3Transport
    /// Bytes of a part of an upload.
    let partBytes: Int

    /// - Parameters:
    ///   - client: see `makeClient`.
    ///   - partBytes: of an upload; services take no less than 5 MiB but for the last one, and 10,000 parts.
    public init(
        _ place: S3Place, _ credentials: AWSCredentialSource, client: HTTPClient, retry: S3Retry = S3Retry(),
        partBytes: Int = 16 << 20
    ) {
        self.place = place
        self.credentials = credentials
        self.partBytes = partBytes
        transport = S3Transport(place, client, credentials, retry: retry)
    }

    /// A client with the patience that large objects need.
    ///
    /// - Parameters:
    ///   - authorityFile: PEM file of the only authorities to trust; nil trusts the system's.
    ///   - meter: counts requests.
    public static func makeClient(
        authorityFile: String? = nil, meter: UsageMeter? = nil
    ) throws(NetworkError) -> HTTPClient {
        var options = HTTPClient.Options()
        options.meter = meter
        options.authorityFile = authorityFile
        options.timeoutNs = 600_000_000_000
        options.lowSpeedTimeNs = 20_000_000_000
        options.maxBodyBytes = 1 << 30
        return try HTTPClient(options)
    }

    public var description: String { place.description }

    public func put(_ key: String, _ content: [UInt8], type: String) throws(ObjectError) {
        _ = try send(.put, key, body: content, type: type)
    }

    public func putIfAbsent(_ key: String, _ content: [UInt8], type: String) throws(ObjectError) -> Bool {
        try ObjectKey.check(key, operation: "PUT \(place.name(key))")
        let answer = try transport.send(
            .init(
                method: .put, key: key, headers: [("Content-Type", type)], body: content, isConditional: true,
                expected: [412]))
        guard answer.response.status == 412 else { return true }
        guard answer.isUncertain else { return false }
        // An attempt without an answer may have been the one that put it.
        guard let found = try head(key), found.bytes == Int64(content.count) else { return false }
        return try get(key) == content
    }

    public func upload(_ key: String, type: String) throws(ObjectError) -> any ObjectUpload {
        try ObjectKey.check(key, operation: "PUT \(place.name(key))")
        return S3Upload(self, key, type: type)
    }

    public func get(_ key: String, range: Range<Int64>?) throws(ObjectError) -> [UInt8]? {
        if let range, range.isEmpty { return try head(key).map { _ in [] } }
        let fields = range.map { [("Range", "bytes=\($0.lowerBound)-\($0.upperBound - 1)")] } ?? []
        let response = try send(.get, key, headers: fields, expected: [404, 416])
        switch response.status {
        case 404: return try missing(response, "GET \(place.name(key))")
        case 416: return []  // the range begins behind the end
        case 200:
            // All of it: some services leave the range of a small object aside.
            guard let range else { return response.body }
            return Array(response.body.dropFirst(Int(range.lowerBound)).prefix(range.count))
        default: return response.body
        }
    }

    public func head(_ key: String) throws(ObjectError) -> ObjectSummary? {
        let response = try send(.head, key, expected: [404])
        guard response.status != 404 else { return nil }
        guard let bytes = response.headers["Content-Length"].flatMap({ Int64($0) }) else {
            throw ObjectError(
                .malformed, "the answer does not say how long it is", operation: "HEAD \(place.name(key))")
        }
        return ObjectSummary(key: key, bytes: bytes, tag: S3Listing.plain(response.headers["ETag"] ?? ""))
    }

    public func list(prefix: String, after: String, limit: Int) throws(ObjectError) -> ObjectPage {
        let limit = min(limit, ObjectPage.limitMax)
        var query = [
            (name: "list-type", value: "2"), (name: "prefix", value: place.prefix + prefix),
            (name: "max-keys", value: "\(limit)"), (name: "encoding-type", value: "url"),
        ]
        if !after.isEmpty { query.append((name: "start-after", value: place.prefix + after)) }
        let response = try transport.send(.init(method: .get, key: nil, query: query)).response
        let operation = "LIST \(place.name(prefix))"
        guard let listing = S3Listing(response.body) else {
            throw ObjectError(.malformed, "the answer is no list of objects", operation: operation)
        }
        do throws(S3Listing.Problem) { return try listing.page(place.prefix, prefix: prefix, after: after) } catch {
            throw ObjectError(.malformed, error.message, operation: operation)
        }
    }

    public func delete(_ key: String) throws(ObjectError) {
        let response = try send(.delete, key, expected: [404])
        if response.status == 404 { _ = try missing(response, "DELETE \(place.name(key))") }
    }

    /// nil where the object is not there; throws where the bucket is not.
    private func missing(_ response: HTTPResponse, _ operation: String) throws(ObjectError) -> [UInt8]? {
        let failure = S3Failure(response, secrets: [])
        if failure.code == "NoSuchBucket" { throw ObjectError(.missing, failure.message, operation: operation) }
        return nil
    }

    private func send(
        _ method: HTTPMethod, _ key: String, headers: [(name: String, value: String)] = [], body: [UInt8] = [],
        type: String? = nil, expected: Set<Int> = []
    ) throws(ObjectError) -> HTTPResponse {
        try ObjectKey.check(key, operation: "\(method.rawValue) \(place.name(key))")
        let headers = headers + (type.map { [("Content-Type", $0)] } ?? [])
        return try transport.send(
            .init(method: method, key: key, headers: headers, body: body, expected: expected)
        ).response
    }
}
