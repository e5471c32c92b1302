/// A place in a journal file that does not hold what was written there.
public struct JournalDamage: Hashable, Sendable, CustomStringConvertible {
    /// Path of the segment file.
    public let file: String
    /// Byte position in the file.
    public let position: Int64
    /// What is wrong there.
    public let reason: String

    public init(file: String, position: Int64, reason: String) {
        self.file = file
        self.position = position
        self.reason = reason
    }

    public var description: String { "\(file) at byte \(position): \(reason)" }
}

/// The journal cannot do what was asked.
public struct JournalError: Error, Sendable, CustomStringConvertible {
    /// The kinds of failure.
    public enum Code: String, Sendable {
        /// Another process, or another part of this one, writes this journal.
        case locked
        /// Data that was acknowledged is damaged; `damage` says where.
        case corrupt
        /// The system refused a file operation.
        case io
        /// The journal is closed.
        case stopped
        /// The record is larger than `Journal.payloadBytesMax`.
        case tooLarge
        /// The offset was deleted by retention, or is beyond the end.
        case outOfRange
        /// The feed's name is empty or too long, or there are no more feed numbers.
        case feed
    }

    /// What a runner does about it.
    public enum Disposition: Sendable {
        /// The same call may succeed later.
        case retry
        /// This input can never be taken; go on with the next.
        case skip
        /// A person is needed.
        case stop
    }

    public let code: Code
    /// What happened, where and what to do.
    public let message: String
    /// Where the damage is; set for `corrupt`.
    public let damage: JournalDamage?

    public init(_ code: Code, _ message: String, damage: JournalDamage? = nil) {
        self.code = code
        self.message = message
        self.damage = damage
    }

    public var disposition: Disposition {
        switch code {
        case .locked, .io: .retry
        case .tooLarge: .skip
        case .corrupt, .stopped, .outOfRange, .feed: .stop
        }
    }

    public var description: String { message }
}
