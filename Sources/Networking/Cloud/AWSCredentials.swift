/// Keys of Amazon's services and their likes.
public struct AWSCredentials: Sendable, Equatable, CustomStringConvertible, CustomReflectable {
    public let accessKey: String
    public let secretKey: String
    /// Token of temporary keys.
    public let sessionToken: String?

    public init(accessKey: String, secretKey: String, sessionToken: String? = nil) {
        self.accessKey = accessKey
        self.secretKey = secretKey
        self.sessionToken = sessionToken
    }

    /// The signature of a request with these keys.
    public func signature(region: String, service: String) -> HTTPClientRequest.Signature {
        .init(
            region: region, service: service, accessKey: accessKey, secretKey: secretKey, sessionToken: sessionToken)
    }

    /// What no text may show.
    package var secrets: [String] { [secretKey, sessionToken ?? ""] }

    public var description: String { "keys" }
    /// Nothing inside is shown by `dump`, since it is secret.
    public var customMirror: Mirror { Mirror(self, children: ["keys": description]) }
}
