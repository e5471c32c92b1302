internal import CCurl
public import Platform
internal import Synchronization

/// Asks HTTP servers, over connections that are kept for the next request; compressed answers are unpacked.
///
/// A call waits for its answer. Each call under way has a connection of its own, so that calls from several threads run
/// side by side; connections to a host are used again, also for another caller. Proxies are those of the environment
/// (`https_proxy`, `no_proxy`), never for this machine itself.
///
/// - Threading: any thread.
public final class HTTPClient: Sendable {
    /// How to connect and what to tolerate, for all requests of a client.
    public struct Options: Sendable {
        /// The connection must be up so long after the start of a request.
        public var connectTimeoutNs: Int64 = 10_000_000_000
        /// The whole answer must be there so long after the start of a request.
        public var timeoutNs: Int64 = 60_000_000_000
        /// A transfer slower than this many bytes a second, over `lowSpeedTimeNs`, is given up.
        public var lowSpeedBytes = 1
        /// See `lowSpeedBytes`; whole seconds.
        public var lowSpeedTimeNs: Int64 = 30_000_000_000
        /// Limit of an answer's body, unpacked, in bytes.
        public var maxBodyBytes = 64 << 20
        /// Limit of an answer's header fields together, in bytes.
        public var maxHeaderBytes = 64 << 10
        /// Whether the server's certificate must be trusted and fit its name.
        public var verifiesCertificate = true
        /// PEM file of the only authorities to trust; nil trusts the system's.
        public var authorityFile: String?
        /// Idle connections that are kept.
        public var maxIdleConnections = 8
        /// The `User-Agent` field, unless a request has its own.
        public var userAgent = "tapedeck"
        /// Counts every request that leaves, redirected ones too; nil where nobody counts.
        public var meter: UsageMeter?

        public init() {}
    }

    /// What it was made with.
    public let options: Options
    private let idle = Mutex<[HTTPTransfer]>([])
    /// Longest time between two questions whether a request is still wanted.
    private static let cancelCheckNs: Int64 = 50_000_000

    /// - Throws: `NetworkError` where the authority file cannot be read.
    public init(_ options: Options = Options()) throws(NetworkError) {
        self.options = options
        try HTTPTransfer.prepare(options)
    }

    /// Asks and waits for the answer, whatever its status; follows redirects as the request says.
    ///
    /// - Parameter isCancelled: asked at least every 50 ms; once it says true, the request is given up.
    /// - Throws: `NetworkError` where there is no whole answer. It names the host, and no secrets.
    public func send(
        _ request: HTTPClientRequest, isCancelled: () -> Bool = { false }
    ) throws(NetworkError) -> HTTPResponse {
        let deadline = HTTPDeadline(afterNs: request.timeoutNs ?? options.timeoutNs)
        var request = request
        var left = request.redirects.limit
        while true {
            let response = try perform(request, deadline: deadline, isCancelled: isCancelled)
            guard let next = try HTTPRedirect.next(after: response, of: request) else { return response }
            guard left > 0 else {
                throw NetworkError(
                    .protocol, "more than \(request.redirects.limit) redirects", operation: request.operation,
                    status: response.status)
            }
            left -= 1
            request = next
        }
    }

    /// Asks for `url`.
    public func get(
        _ url: HTTPURL, headers: HTTPHeaders = [:], isCancelled: () -> Bool = { false }
    ) throws(NetworkError) -> HTTPResponse {
        try send(HTTPClientRequest(url: url, headers: headers), isCancelled: isCancelled)
    }

    private func perform(
        _ request: HTTPClientRequest, deadline: HTTPDeadline, isCancelled: () -> Bool
    ) throws(NetworkError) -> HTTPResponse {
        guard !isCancelled() else { throw HTTPTransfer.cancelled(request) }
        let transfer =
            if let kept = idle.withLock({ $0.popLast() }) { kept } else {
                try HTTPTransfer(operation: request.operation)
            }
        defer {
            idle.withLock { if $0.count < options.maxIdleConnections { $0.append(transfer) } }
        }
        options.meter?.add(bytes: request.body.count)
        return try transfer.run(
            request, options: options, deadline: deadline, checkNs: Self.cancelCheckNs, isCancelled: isCancelled)
    }
}
