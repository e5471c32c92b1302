/// Something failed between this program and a peer, or with the address it should listen on.
public struct NetworkError: Error, Sendable, CustomStringConvertible {
    /// What kind of failure it is.
    public enum Code: String, Sendable {
        /// An option or address is not usable; nothing was opened.
        case configuration
        /// The listening socket could not be opened.
        case listen
        /// The peer could not be reached or went away.
        case connection
        /// The peer's certificate is not trusted.
        case certificate
        /// The peer answered the upgrade with another status than 101.
        case refused
        /// The peer broke the protocol or a size limit.
        case `protocol`
        /// Nothing arrived in time.
        case timeout
        /// Whoever asked does not want the answer any more.
        case cancelled
    }

    /// What a runner should do about it.
    public enum Disposition: String, Sendable {
        /// Try again later.
        case retry
        /// A person has to change something first.
        case stop
    }

    public let code: Code
    /// What happened and what to do, in one line; holds no secrets.
    public let message: String
    /// The address or URL concerned, without secrets.
    public let operation: String
    /// The HTTP status that the peer answered, where it did.
    public let status: Int?

    public init(_ code: Code, _ message: String, operation: String, status: Int? = nil) {
        self.code = code
        self.message = message
        self.operation = operation
        self.status = status
    }

    /// A bad configuration, an untrusted certificate, and a refused key do not get better by themselves.
    public var disposition: Disposition {
        switch code {
        case .configuration, .listen, .certificate, .cancelled: .stop
        case .refused: status == 401 || status == 403 ? .stop : .retry
        case .connection, .protocol, .timeout: .retry
        }
    }

    public var description: String { operation.isEmpty ? message : "\(operation): \(message)" }
}
