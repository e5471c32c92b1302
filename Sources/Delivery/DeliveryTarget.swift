public import Databases
public import Market
public import Platform

/// Where rows are delivered to: a database that keeps, in the same transaction as the rows, how far it has them.
///
/// - Threading: one thread at a time.
public protocol DeliveryTarget: AnyObject, Sendable {
    /// Connects, makes the tables that are missing, and compares those that are there.
    ///
    /// - Throws: what is wrong, in words for the user; without secrets.
    func open(_ tables: [TableSchema]) throws(DeliveryError)

    /// The journal offset up to which the target has the rows of a table, itself included; -1 where it has none.
    ///
    /// - Precondition: `open` was called.
    func committedOffset(_ table: TableSchema) throws(DeliveryError) -> Int64

    /// Takes the rows of a unit and its end, or nothing.
    ///
    /// - Throws: `conflict` where the target is no longer at the unit's beginning: another program delivers there too, or
    ///   an earlier attempt went through after all.
    /// - Returns: rows that were taken.
    func deliver(_ unit: DeliveryUnit) throws(DeliveryError) -> Int64

    /// Goes past a unit whose rows the target does not take, and keeps the reason there.
    func reject(_ table: TableSchema, after: Int64, last: Int64, reason: String) throws(DeliveryError)

    /// Forgets the connection; `open` makes a new one.
    func close()

    /// Rows of a unit, as near as a range of whole offsets comes to it.
    var unitRowsMax: Int64 { get }

    /// Whether each row is to come with the message that it was made of, as a last column `payload`.
    var wantsPayloads: Bool { get }
}

extension DeliveryTarget {
    public var unitRowsMax: Int64 { 500_000 }
    public var wantsPayloads: Bool { false }
}

/// Rows of one table in a range of journal offsets: all of them, and none that can still change.
public struct DeliveryUnit {
    public let table: TableSchema
    /// The rows' offsets are above this one.
    public let after: Int64
    /// The rows' offsets reach up to this one, itself included.
    public let last: Int64
    /// First days of the UTC months of the rows' times, in order.
    public let months: [CivilDate]
    /// The columns of the table, partition columns left out; behind them `payload`, where the target wants it: null where
    /// the message is no longer there.
    public let rows: ResultStream

    public init(table: TableSchema, after: Int64, last: Int64, months: [CivilDate], rows: ResultStream) {
        self.table = table
        self.after = after
        self.last = last
        self.months = months
        self.rows = rows
    }
}

/// Why a delivery did not work.
public struct DeliveryError: Error, Sendable, CustomStringConvertible {
    /// What helps.
    public enum Kind: Sendable, Equatable {
        /// The target does not answer, or not now: time.
        case unavailable
        /// Somebody else changed the target: reading again how far it is.
        case conflict
        /// A person: credentials, rights, a table that does not fit.
        case setup
        /// The target does not take what is in a row.
        case row
        /// A person: the target has rows that this journal did not give it.
        case ahead
    }

    public let kind: Kind
    public let message: String

    public init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }

    public var description: String { message }
}
