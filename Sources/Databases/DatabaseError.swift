/// What went wrong at a database, and what a runner should do about it.
public struct DatabaseError: Error, Sendable, CustomStringConvertible {
    /// The kind of failure.
    public enum Code: String, Sendable {
        /// The driver or a library it needs is not installed.
        case driverMissing
        /// The text is not valid SQL.
        case syntax
        /// A table, column or function does not exist, or does not fit its use.
        case binding
        /// An argument, option or value was not accepted.
        case invalidArgument
        /// The statement is not one that the caller may run.
        case notPermitted
        /// Another transaction changed the same thing.
        case conflict
        /// Cancelled by `cancel()`.
        case cancelled
        /// Ran longer than its time limit.
        case timeout
        /// The memory limit of the database was reached.
        case outOfMemory
        /// A file or the network failed.
        case io
        /// The result has a type, or the driver a gap, that is not supported here.
        case unsupported
        /// Everything else that the driver reports.
        case database
    }

    /// What a runner does next.
    public enum Disposition: Sendable, Equatable {
        /// Try the same again after a pause of this many nanoseconds.
        case retry(afterNs: Int64)
        /// Give this statement up, go on with the next.
        case skip
        /// Stop: a person is needed.
        case stop
    }

    public let code: Code
    /// The reason, in the words of the driver where it gave some.
    public let message: String
    /// The SQL, option or file that was being worked on, cut to 400 characters.
    public let operation: String
    /// The error underneath.
    public let cause: (any Error)?

    public init(_ code: Code, _ message: String, operation: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.operation = operation.count > 400 ? operation.prefix(400) + "…" : operation
        self.cause = cause
    }

    public var disposition: Disposition {
        switch code {
        case .conflict, .outOfMemory, .io: .retry(afterNs: 100_000_000)
        case .syntax, .binding, .invalidArgument, .notPermitted, .cancelled, .timeout, .unsupported: .skip
        case .driverMissing, .database: .stop
        }
    }

    public var description: String { operation.isEmpty ? message : "\(message) (in: \(operation))" }
}
