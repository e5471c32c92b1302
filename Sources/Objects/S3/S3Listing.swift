internal import Networking
internal import Platform

/// The answer to ListObjectsV2.
struct S3Listing {
    /// What is wrong with it.
    struct Problem: Error {
        let message: String
    }

    private let root: XMLElement

    /// nil where it is no such answer.
    init?(_ body: [UInt8]) {
        guard let root = XMLElement(document: body), root.name == "ListBucketResult" else { return nil }
        self.root = root
    }

    /// The objects, with their keys as the store has them.
    ///
    /// - Parameter place: what all keys of the store begin with in the bucket.
    /// - Throws: where it is not what was asked for, so that whoever asks for page after page comes to an end.
    func page(_ place: String, prefix: String, after: String) throws(Problem) -> ObjectPage {
        let isEncoded = root["EncodingType"]?.text.lowercased() == "url"
        var objects: [ObjectSummary] = []
        var last = after
        for item in root.all("Contents") {
            guard let text = item["Key"]?.text, let bytes = (item["Size"]?.text).flatMap({ Int64($0) }), bytes >= 0,
                let whole = isEncoded ? PercentEncoding.decode(text, plusIsSpace: true) : text
            else { throw Problem(message: "an object in the list has no key or no size") }
            guard whole.hasPrefix(place + prefix) else {
                throw Problem(message: "the list has objects that were not asked for")
            }
            let key = String(whole.dropFirst(place.count))
            guard ObjectKey.isBefore(last, key) || key.isEmpty else {
                throw Problem(message: "the list is not in order, or does not begin where it was asked to")
            }
            last = key
            // What other tools call folders.
            if key.isEmpty || key.hasSuffix("/") { continue }
            objects.append(
                ObjectSummary(
                    key: key, bytes: bytes, tag: Self.plain(item["ETag"]?.text ?? ""),
                    modified: (item["LastModified"]?.text).flatMap { Timestamp(rfc3339: $0) }))
        }
        let isTruncated = root["IsTruncated"]?.text == "true"
        guard !isTruncated || last != after else { throw Problem(message: "the list ends before its first object") }
        return ObjectPage(objects: objects, next: isTruncated ? last : nil)
    }

    /// A tag without its quotes.
    static func plain(_ tag: String) -> String {
        tag.count >= 2 && tag.hasPrefix("\"") && tag.hasSuffix("\"") ? String(tag.dropFirst().dropLast()) : tag
    }
}
