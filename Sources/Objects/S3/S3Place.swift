public import Networking
internal import Platform

/// A bucket of a service that speaks S3, and the part of its keys that all objects here begin with.
public struct S3Place: Sendable, CustomStringConvertible {
    /// How requests name the bucket.
    public enum Style: String, Sendable, CaseIterable {
        /// As Amazon wants it for its own addresses, in the path for others.
        case auto
        /// `https://HOST/BUCKET/KEY`
        case path
        /// `https://BUCKET.HOST/KEY`
        case virtual
    }

    /// How a condition is written.
    enum Dialect: Sendable {
        /// `If-None-Match: *`
        case amazon
        /// `x-goog-if-generation-match: 0`: Google Cloud Storage heeds no `If-None-Match` of writes.
        case google
    }

    /// A service that has buckets.
    public struct Service: Sendable {
        /// With its port where that is not the usual one.
        public let host: String
        public let isSecure: Bool
        /// Whether requests name the bucket in the path, and not in the host.
        public let namesBucketInPath: Bool
        /// What stands before buckets and keys in paths: a slash, unless the service is part of a larger one.
        public let root: String
    }

    public let bucket: String
    /// Empty, or with a slash at its end.
    public let prefix: String
    public let region: String
    let dialect: Dialect
    /// The service, for others that ask it.
    public let service: Service
    /// Where the bucket is.
    private let origin: HTTPURL
    /// What stands before a key in the path, with a slash at its end.
    private let root: String

    /// - Parameters:
    ///   - prefix: folders below which all objects are; empty for the bucket itself.
    ///   - endpoint: the service's address; nil for Amazon's in the region.
    /// - Throws: `NetworkError` where they are none of a bucket.
    public init(
        bucket: String, prefix: String = "", region: String, endpoint: HTTPURL? = nil, style: Style = .auto
    ) throws(NetworkError) {
        guard Self.isBucket(bucket) else {
            // It may be a key that does not belong there.
            throw NetworkError(
                .configuration, "has no name of a bucket: 3 or more letters, digits, `-`, `.` and `_`", operation: "s3")
        }
        self.bucket = bucket
        self.region = region
        let folder = prefix.split(separator: "/").joined(separator: "/")
        if let objection = folder.isEmpty ? nil : ObjectKey.objection(to: folder) {
            throw NetworkError(.configuration, objection, operation: "s3://\(bucket)/\(folder)")
        }
        self.prefix = folder.isEmpty ? "" : folder + "/"
        let isAmazon = endpoint == nil
        let address = if let endpoint { endpoint } else { try Self.amazon(region) }
        dialect = address.host.hasSuffix(Self.google) ? .google : .amazon
        // A name with dots does not fit the certificate of the service.
        let isVirtual = style == .virtual || style == .auto && isAmazon && !bucket.contains(".")
        let isUsual = address.port == (address.isSecure ? 443 : 80)
        let port = isUsual ? "" : ":\(address.port)"
        let base = address.target.prefix { $0 != "?" }
        let folderOfService = base.hasSuffix("/") ? String(base) : base + "/"
        service = Service(
            host: address.host + port, isSecure: address.isSecure, namesBucketInPath: !isVirtual, root: folderOfService)
        if isVirtual {
            origin = try HTTPURL("\(address.isSecure ? "https" : "http")://\(bucket).\(address.host)\(port)")
            root = folderOfService
        } else {
            origin = address
            root = "\(folderOfService)\(bucket)/"
        }
    }

    private static let google = "storage.googleapis.com"

    /// What is signed with where nobody says a region: what MinIO and its likes have, and what Google takes.
    static func usualRegion(endpoint: String) -> String { endpoint.contains(google) ? "auto" : "us-east-1" }

    private static func amazon(_ region: String) throws(NetworkError) -> HTTPURL {
        try HTTPURL("https://s3.\(region).amazonaws.com\(region.hasPrefix("cn-") ? ".cn" : "")")
    }

    /// - Source: Amazon S3 User Guide, "General purpose bucket naming rules"; older ones may have capitals and underscores.
    private static func isBucket(_ name: String) -> Bool {
        (3...255).contains(name.utf8.count) && !name.hasPrefix(".") && !name.hasSuffix(".") && !name.contains("..")
            && name.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
                    || "-._".utf8.contains(byte)
            }
    }

    /// The address of an object.
    ///
    /// - Parameters:
    ///   - key: nil for the bucket.
    ///   - query: names and values, not encoded yet.
    func url(_ key: String?, _ query: [(name: String, value: String)] = []) throws(NetworkError) -> HTTPURL {
        let path = (key.map { prefix + $0 } ?? "").split(separator: "/", omittingEmptySubsequences: false)
            .map { PercentEncoding.encode($0) }.joined(separator: "/")
        let items = query.map { "\(PercentEncoding.encode($0.name))=\(PercentEncoding.encode($0.value))" }
        let target = (key == nil && root.count > 1 ? String(root.dropLast()) : root + path)
        return try origin.replacingTarget(items.isEmpty ? target : "\(target)?\(items.joined(separator: "&"))")
    }

    /// Scheme, host and port that are asked.
    var address: String { origin.origin }

    /// What errors call an object, or the bucket.
    func name(_ key: String?) -> String { "s3://\(bucket)/\(prefix)\(key ?? "")" }

    public var description: String {
        var text = name(nil)
        if text.hasSuffix("/") { text.removeLast() }
        return "\(text) at \(origin.origin)"
    }
}
