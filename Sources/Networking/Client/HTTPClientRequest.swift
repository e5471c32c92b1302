/// What a client asks a server.
public struct HTTPClientRequest: Sendable, CustomStringConvertible, CustomReflectable {
    /// Whether an answer that points elsewhere is followed.
    public enum Redirects: Sendable, Equatable {
        /// Such an answer is returned.
        case never
        /// Only within the same scheme, host and port.
        case sameOrigin(limit: Int)
        /// Also to other hosts, but never from TLS to plain text. What another origin is sent: method, body, and of the
        /// header fields only `Accept`, `Accept-Language`, `Content-Type` and `User-Agent`, since the others may hold keys.
        case anywhere(limit: Int)

        var limit: Int {
            switch self {
            case .never: 0
            case .sameOrigin(let limit), .anywhere(let limit): limit
            }
        }
    }

    /// Signs requests as Amazon's services and their likes want it (Signature Version 4).
    public struct Signature: Sendable, CustomStringConvertible, CustomReflectable {
        /// Whose names the algorithm uses; it is the same.
        public enum Provider: String, Sendable {
            /// `AWS4-HMAC-SHA256`, `x-amz-date`.
            case amazon = "aws:amz"
            /// `GOOG4-HMAC-SHA256`, `x-goog-date`.
            case google = "goog:goog"
        }

        public var provider = Provider.amazon
        /// For example `eu-central-1`.
        public var region: String
        /// For example `s3` or `kinesis`.
        public var service: String
        public var accessKey: String
        public var secretKey: String
        /// Token of temporary credentials.
        public var sessionToken: String?

        public init(
            region: String, service: String, accessKey: String, secretKey: String, sessionToken: String? = nil
        ) {
            self.region = region
            self.service = service
            self.accessKey = accessKey
            self.secretKey = secretKey
            self.sessionToken = sessionToken
        }

        public var description: String { "\(service) in \(region)" }
        /// Nothing inside is shown by `dump`, since it is secret.
        public var customMirror: Mirror { Mirror(self, children: ["signature": description]) }
    }

    public var method: HTTPMethod
    public var url: HTTPURL
    /// Further fields; keys belong here rather than into the URL.
    public var headers: HTTPHeaders
    public var body: [UInt8]
    /// The whole answer must be there in this time, redirects included; nil takes the client's.
    public var timeoutNs: Int64?
    public var redirects = Redirects.sameOrigin(limit: 5)
    public var signature: Signature?
    /// Whether a body that came compressed (`Content-Encoding`) is unpacked; otherwise it is what the server keeps.
    public var unpacksAnswer = true
    /// Whether it may reach the server twice. Where a connection that was kept ends before the answer, the library sends the
    /// request again, since most often the server never saw it; what must not be repeated gets a connection of its own.
    public var isRepeatable = true

    public init(
        _ method: HTTPMethod = .get, url: HTTPURL, headers: HTTPHeaders = [:], body: [UInt8] = [],
        timeoutNs: Int64? = nil
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.timeoutNs = timeoutNs
    }

    /// Method and address, without secrets.
    public var description: String { "\(method.rawValue) \(url)" }
    /// Nothing inside is shown by `dump`, since fields and body may hold keys.
    public var customMirror: Mirror { Mirror(self, children: ["request": description]) }

    /// What errors call this request.
    var operation: String { description }
}
