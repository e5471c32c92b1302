internal import Foundation
internal import Platform

/// What a cloud service answered instead of what was asked, or why there was no answer. Holds no secrets.
public struct CloudError: Error, Sendable, CustomStringConvertible {
    /// What kind of failure it is.
    public enum Kind: String, Sendable {
        /// Whoever asked does not want the answer any more.
        case cancelled
        /// It may work later: no connection, or the service has trouble.
        case unavailable
        /// There were too many calls.
        case throttled
        /// Credentials are missing, refused, or do not allow it: a person has to change something.
        case denied
        /// What was asked for does not exist: a person has to change something.
        case missing
        /// The service does not take this request.
        case refused
        /// The answer is not what the service's description says.
        case malformed
    }

    public let kind: Kind
    /// The service's own name of the error, for example `ExpiredIteratorException`; empty where it gave none.
    public let name: String
    /// What happened, in one line.
    public let message: String
    /// The address concerned, without secrets.
    public let operation: String
    /// How long the service asks to wait, in nanoseconds.
    public let retryAfterNs: Int64?

    public init(
        _ kind: Kind, _ message: String, name: String = "", operation: String = "", retryAfterNs: Int64? = nil
    ) {
        self.kind = kind
        self.name = name
        self.message = message
        self.operation = operation
        self.retryAfterNs = retryAfterNs
    }

    /// There was no answer.
    init(_ error: NetworkError) {
        let kind: Kind =
            switch error.code {
            case .cancelled: .cancelled
            case .configuration, .certificate: .denied
            default: .unavailable
            }
        self.init(kind, error.message, operation: error.operation)
    }

    /// True where a person has to change something first.
    public var needsPerson: Bool { kind == .denied || kind == .missing }

    public var description: String { operation.isEmpty ? message : "\(operation): \(message)" }
}

/// What a service says about an error, fit to be shown.
package struct CloudErrorText {
    private static let longest = 300

    /// `text` in one line, without `secrets`, cut where it is long.
    package static func shown(_ text: String, without secrets: [String]) -> String {
        var text = text
        for secret in secrets where !secret.isEmpty { text = text.replacing(secret, with: "***") }
        let line = String(text.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7f ? " " : Character($0) })
        return line.count > longest ? line.prefix(longest) + "…" : line
    }
}
