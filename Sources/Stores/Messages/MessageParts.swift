internal import Databases
package import Delivery
package import Kafka
internal import Platform

/// The messages of a unit, made part by part.
package protocol MessageParts: AnyObject {
    /// Rows of the unit.
    var rowCount: Int { get }
    /// Whether all rows were encoded.
    var isAtEnd: Bool { get }

    /// Encodes the next part: whole offsets, until there is enough.
    ///
    /// - Parameter bytes: of values, about.
    /// - Returns: the last offset; nil where nothing is left.
    func encode(into messages: OutgoingMessages, bytes: Int) -> Int64?
}

/// What the values of messages are.
package enum MessageFormat: String, CaseIterable, Sendable {
    case json, avro, arrow

    /// The option for frames that go as they came, rather than as rows.
    static let asReceived = Spec.Option.boolean(
        "as_received", default: "false",
        "Messages of the table `frames` are the frames as they came, in the order of their feed, rather than rows: feeds of another "
            + "pipeline read them in the format of their venue.")

    /// The messages of a unit.
    ///
    /// - Parameters:
    ///   - messageBytesMax: bytes of value and key at most.
    ///   - asReceived: whether frames go as they came, rather than as rows; of JSON alone.
    /// - Throws: `row` where a message would be too large.
    package func messages(
        of unit: DeliveryUnit, messageBytesMax: Int, asReceived: Bool = false
    ) throws(DeliveryError) -> any MessageParts {
        switch self {
        case .json: return try MessageEncoder(unit, messageBytesMax: messageBytesMax, asReceived: asReceived)
        case .avro:
            let rows = try DeliveryError.translating { () throws(DatabaseError) in try AvroRows(unit.table, unit.rows) }
            return try MessageEncoder(unit, messageBytesMax: messageBytesMax, .avro(rows))
        case .arrow: return try ArrowMessages(unit, messageBytesMax: messageBytesMax)
        }
    }
}

extension DeliveryError {
    /// A row that does not go into a message.
    init(tooLarge bytes: Int, of messageBytesMax: Int, offset: Int64) {
        self.init(
            .row, "a message of \(bytes) bytes at offset \(offset) is larger than the \(messageBytesMax) that are taken"
        )
    }

    /// What a target says where rows are not what it was told.
    static func translating<T>(_ body: () throws(DatabaseError) -> T) throws(DeliveryError) -> T {
        do { return try body() } catch { throw DeliveryError(.setup, error.message) }
    }
}
