package import Networking
internal import Platform
internal import Synchronization

/// A bucket in memory that is asked over HTTP on loopback as S3 is, for tests and benchmarks. It checks no signatures.
///
/// - Source: Amazon S3 API Reference.
/// - Threading: any thread.
package final class LoopbackBucket: Sendable {
    /// What becomes of a request instead of an ordinary answer.
    package enum Fate: Sendable {
        /// Another answer; nothing is done.
        case refused(HTTPResponse)
        /// It is done, and the answer is another one.
        case lost(HTTPResponse)
    }

    private struct Contents {
        var objects: [String: [UInt8]] = [:]
        /// When an object was put.
        var times: [String: Timestamp] = [:]
        var uploads: [String: [Int: [UInt8]]] = [:]
        var asked: [HTTPRequest] = []
        var fate: @Sendable (HTTPRequest) -> Fate? = { _ in nil }
        var heedsConditions = true
    }

    /// Outlives the bucket while requests are answered.
    private final class State: Sendable {
        let contents = Mutex(Contents())
    }

    private let state = State()
    private let server: HTTPServer
    /// Its address, in which the bucket's name is the first part of the path.
    package var url: String { server.url }
    package static let name = "market"

    /// Starts to serve, on a port that the system chooses.
    ///
    /// - Parameter hostNames: names under which requests may come, beside those of loopback.
    package init(hostNames: [String] = []) throws(NetworkError) {
        var options = HTTPServer.Options()
        options.port = 0
        options.hostNames = hostNames
        options.maxBodyBytes = 512 << 20
        options.maxIncomingBytes = 1 << 30
        server = try HTTPServer(options: options) { [state] request, responder in
            responder.respond(state.contents.withLock { Self.take(request, &$0) })
        }
    }

    deinit { server.stop() }

    /// Decides about requests from now on.
    package func decide(_ fate: @escaping @Sendable (HTTPRequest) -> Fate?) {
        state.contents.withLock { $0.fate = fate }
    }

    /// Whether a put that must not replace anything does not.
    package var heedsConditions: Bool {
        get { state.contents.withLock { $0.heedsConditions } }
        set { state.contents.withLock { $0.heedsConditions = newValue } }
    }

    /// Keeps an object as if a request had asked for it.
    ///
    /// - Parameter path: as requests name it, with the bucket.
    package func put(_ path: String, _ content: [UInt8]) {
        let key = String(path.dropFirst(Self.name.count + 2))
        state.contents.withLock { contents in
            contents.objects[key] = content
            contents.times[key] = .now()
        }
    }

    /// The requests so far, in the order in which they came.
    package var asked: [HTTPRequest] { state.contents.withLock { $0.asked } }
    package var objects: [String: [UInt8]] { state.contents.withLock { $0.objects } }
    /// Uploads that were begun, and neither finished nor given up.
    package var openUploads: Int { state.contents.withLock { $0.uploads.count } }

    private static func take(_ request: HTTPRequest, _ contents: inout Contents) -> HTTPResponse {
        contents.asked.append(request)
        switch contents.fate(request) {
        case .refused(let response): return response
        case .lost(let response):
            _ = answer(request, &contents)
            return response
        case nil: return answer(request, &contents)
        }
    }

    /// An error as S3 writes it.
    package static func error(_ status: Int, _ code: String, headers: HTTPHeaders = [:]) -> HTTPResponse {
        let text =
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>\(code)</Code><Message>as told</Message></Error>"
        return HTTPResponse(status: status, headers: headers, body: Array(text.utf8))
    }

    private static func answer(_ request: HTTPRequest, _ contents: inout Contents) -> HTTPResponse {
        var path = request.path.dropFirst()
        // Otherwise the bucket is the first part of the host.
        if request.headers["Host"]?.hasPrefix(name + ".") != true {
            guard path == name || path.hasPrefix(name + "/") else { return error(404, "NoSuchBucket") }
            path = path.dropFirst(name.count + 1)
        }
        let key = String(path)
        switch request.method {
        case .get where key.isEmpty: return list(request, contents)
        case .get, .head: return get(request, contents.objects[key])
        case .delete:
            if let name = request.query["uploadId"] {
                contents.uploads[name] = nil
            } else {
                contents.objects[key] = nil
            }
            return HTTPResponse(status: 204)
        case .put: return put(request, key, &contents)
        case .post: return upload(request, key, &contents)
        default: return error(501, "NotImplemented")
        }
    }

    private static func tag(_ bytes: [UInt8]) -> String { "\"\(SHA256Digest.hexadecimal(bytes).prefix(32))\"" }

    private static func get(_ request: HTTPRequest, _ object: [UInt8]?) -> HTTPResponse {
        guard let object else { return error(404, "NoSuchKey") }
        let headers: HTTPHeaders = ["ETag": tag(object)]
        guard let range = request.headers["Range"] else {
            return HTTPResponse(status: 200, headers: headers, body: object)
        }
        let ends = range.dropFirst(6).split(separator: "-").compactMap { Int($0) }
        guard ends.count == 2, ends[0] < object.count else { return error(416, "InvalidRange") }
        return HTTPResponse(
            status: 206, headers: headers, body: Array(object[ends[0]...min(ends[1], object.count - 1)]))
    }

    private static func put(_ request: HTTPRequest, _ key: String, _ contents: inout Contents) -> HTTPResponse {
        if let number = request.query["partNumber"].flatMap({ Int($0) }), let name = request.query["uploadId"] {
            guard contents.uploads[name] != nil else { return error(404, "NoSuchUpload") }
            contents.uploads[name]?[number] = request.body
        } else {
            let isConditional =
                request.headers["If-None-Match"] == "*" || request.headers["x-goog-if-generation-match"] == "0"
            guard !isConditional || !contents.heedsConditions || contents.objects[key] == nil else {
                return error(412, "PreconditionFailed")
            }
            contents.objects[key] = request.body
            contents.times[key] = .now()
        }
        return HTTPResponse(status: 200, headers: ["ETag": tag(request.body)])
    }

    private static func upload(_ request: HTTPRequest, _ key: String, _ contents: inout Contents) -> HTTPResponse {
        guard let name = request.query["uploadId"] else {
            let name = "upload-\(contents.asked.count)"
            contents.uploads[name] = [:]
            return xml("<InitiateMultipartUploadResult><UploadId>\(name)</UploadId></InitiateMultipartUploadResult>")
        }
        guard let parts = contents.uploads.removeValue(forKey: name) else { return error(404, "NoSuchUpload") }
        let wanted = XMLElement(document: request.body)?.all("Part") ?? []
        let bytes = wanted.compactMap { part in part["PartNumber"].flatMap { Int($0.text) }.flatMap { parts[$0] } }
        let tags = zip(wanted, bytes).allSatisfy { $0["ETag"]?.text == tag($1) }
        guard bytes.count == wanted.count, tags else { return error(400, "InvalidPart") }
        contents.objects[key] = bytes.flatMap { $0 }
        contents.times[key] = .now()
        return xml("<CompleteMultipartUploadResult><Key>k</Key></CompleteMultipartUploadResult>")
    }

    private static func list(_ request: HTTPRequest, _ contents: Contents) -> HTTPResponse {
        let (prefix, after) = (request.query["prefix"] ?? "", request.query["start-after"] ?? "")
        let limit = request.query["max-keys"].flatMap { Int($0) } ?? 1000
        let keys = contents.objects.keys.filter { $0.hasPrefix(prefix) && ObjectKey.isBefore(after, $0) }
            .sorted(by: ObjectKey.isBefore)
        let items = keys.prefix(limit).map { key in
            let object = contents.objects[key] ?? []
            let shown = PercentEncoding.encode(key).replacing("%2F", with: "/").replacing("%20", with: "+")
            return "<Contents><Key>\(shown)</Key><Size>\(object.count)</Size>"
                + "<LastModified>\(contents.times[key] ?? .now())</LastModified>"
                + "<ETag>&quot;\(tag(object).dropFirst().dropLast())&quot;</ETag></Contents>"
        }
        return xml(
            "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><EncodingType>url</EncodingType>"
                + "<IsTruncated>\(keys.count > limit)</IsTruncated>\(items.joined())</ListBucketResult>")
    }

    private static func xml(_ text: String) -> HTTPResponse {
        HTTPResponse(status: 200, headers: ["Content-Type": "application/xml"], body: Array(text.utf8))
    }
}
