public import Databases

/// What went wrong with the lake or its hot tables, and what a runner should do about it.
public struct LakeError: Error, Sendable, CustomStringConvertible {
    /// The kind of failure.
    public enum Code: String, Sendable {
        /// The file system failed: full, read-only, gone.
        case io
        /// Another program uses the lake for the same pipeline.
        case locked
        /// A file of the transaction log cannot be understood.
        case corrupt
        /// The table uses features of the format that are not supported here.
        case unsupported
        /// The table's columns are not those of this version.
        case schemaMismatch
        /// Another writer changed the table's schema or kept winning the race for the next version.
        case conflict
        /// The database failed; `cause` says more.
        case database
        /// A path or name that cannot be used.
        case invalidArgument
    }

    public let code: Code
    public let message: String
    /// The path or table that was being worked on.
    public let operation: String
    /// The error underneath.
    public let cause: (any Error)?

    public init(_ code: Code, _ message: String, operation: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.operation = operation
        self.cause = cause
    }

    /// What the database reported while `operation` went on.
    init(_ error: DatabaseError, operation: String) {
        self.init(error.code == .io ? .io : .database, error.description, operation: operation, cause: error)
    }

    public var disposition: DatabaseError.Disposition {
        switch code {
        case .io, .conflict: .retry(afterNs: 1_000_000_000)
        case .database: (cause as? DatabaseError)?.disposition ?? .stop
        case .locked, .corrupt, .unsupported, .schemaMismatch, .invalidArgument: .stop
        }
    }

    public var description: String { "\(operation): \(message)" }
}

/// Runs SQL for the lake: the database's errors become the lake's.
func onDatabase<T>(_ operation: String, _ body: () throws(DatabaseError) -> T) throws(LakeError) -> T {
    do {
        return try body()
    } catch {
        throw LakeError(error, operation: operation)
    }
}
