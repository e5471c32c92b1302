internal import Networking
internal import Platform

/// An object that is sent in parts; one that fits into a part is put at once.
///
/// What is neither finished nor aborted stays with the service until it is removed there (a lifecycle rule for incomplete
/// multipart uploads).
final class S3Upload: ObjectUpload {
    private let store: S3ObjectStore
    private let key: String
    private let type: String
    private var waiting: [UInt8] = []
    private var identifier: String?
    private var tags: [String] = []
    private var bytes: Int64 = 0

    init(_ store: S3ObjectStore, _ key: String, type: String) {
        self.store = store
        self.key = key
        self.type = type
    }

    private var operation: String { "upload of \(store.place.name(key))" }

    func append(_ content: [UInt8]) throws(ObjectError) {
        waiting += content
        bytes += Int64(content.count)
        var start = 0
        while waiting.count - start > store.partBytes {
            try send(Array(waiting[start..<start + store.partBytes]))
            start += store.partBytes
        }
        if start > 0 { waiting.removeFirst(start) }
    }

    func finish() throws(ObjectError) {
        guard let identifier else { return try store.put(key, waiting, type: type) }
        try send(waiting)
        waiting = []
        let parts = tags.enumerated().map { number, tag in
            "<Part><PartNumber>\(number + 1)</PartNumber><ETag>&quot;\(tag)&quot;</ETag></Part>"
        }
        let list = "<CompleteMultipartUpload>\(parts.joined())</CompleteMultipartUpload>"
        let answer = try store.transport.send(
            .init(
                method: .post, key: key, query: [("uploadId", identifier)],
                headers: [("Content-Type", "application/xml")],
                body: Array(list.utf8), expected: [404]))
        self.identifier = nil
        if answer.response.status == 404, answer.isUncertain, try isThere() { return }
        // It says 200 before it knows, so that the connection stays, and puts an error into the answer.
        let isDone = XMLElement(document: answer.response.body)?.name == "CompleteMultipartUploadResult"
        guard answer.response.status != 404, isDone else {
            let failure = S3Failure(answer.response, secrets: [])
            throw ObjectError(
                failure.kind == .malformed ? .unavailable : failure.kind, failure.message, operation: operation)
        }
    }

    /// Whether an attempt without an answer put the object together.
    private func isThere() throws(ObjectError) -> Bool {
        guard let found = try store.head(key) else { return false }
        return found.bytes == bytes && found.tag.hasSuffix("-\(tags.count)")
    }

    func abort() {
        guard let identifier else { return }
        self.identifier = nil
        waiting = []
        _ = try? store.transport.send(
            .init(method: .delete, key: key, query: [("uploadId", identifier)], expected: [404]))
    }

    private func send(_ part: [UInt8]) throws(ObjectError) {
        let identifier = try begin()
        let query = [(name: "partNumber", value: "\(tags.count + 1)"), (name: "uploadId", value: identifier)]
        let response = try store.transport.send(
            .init(
                method: .put, key: key, query: query, headers: [("Content-Type", "application/octet-stream")],
                body: part)
        ).response
        let tag = S3Listing.plain(response.headers["ETag"] ?? "")
        guard !tag.isEmpty, tag.utf8.allSatisfy({ !"<>&\"".utf8.contains($0) }) else {
            throw ObjectError(.malformed, "a part has no tag", operation: operation)
        }
        tags.append(tag)
    }

    private func begin() throws(ObjectError) -> String {
        if let identifier { return identifier }
        let response = try store.transport.send(
            .init(method: .post, key: key, query: [("uploads", "")], headers: [("Content-Type", type)])
        ).response
        guard let found = XMLElement(document: response.body)?["UploadId"]?.text, !found.isEmpty else {
            throw ObjectError(.malformed, "the upload has no name", operation: operation)
        }
        identifier = found
        return found
    }
}
