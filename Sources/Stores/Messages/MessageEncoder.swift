internal import Databases
package import Delivery
package import Kafka
internal import Market
internal import Platform

/// Makes the messages of a unit, a message for each row.
///
/// A message is known by table, journal offset and its index among the rows of that offset. Rows of one offset that nothing else
/// orders are ordered by the bytes of their values, so that the index is the same whenever they are sent.
package final class MessageEncoder: MessageParts {
    private let rows: OrderedRows
    private let values: MessageValues
    private let keys: [Int]
    private let messageBytesMax: Int
    private var next = 0
    /// Bytes of a row's value, about.
    private static let rowBytes = 512
    private var openBatch: Int32 = -1

    /// Messages of JSON objects.
    ///
    /// - Parameters:
    ///   - messageBytesMax: bytes of value and key at most.
    ///   - asReceived: whether frames go as they came, rather than as rows.
    package convenience init(
        _ unit: DeliveryUnit, messageBytesMax: Int, asReceived: Bool = false
    ) throws(DeliveryError) {
        let isPayload = asReceived && unit.table.name == Tables.frames.name
        let payload = isPayload ? unit.table.columns.firstIndex { $0.name == "payload" } : nil
        // Who reads the venues' messages has no use for what the program says of itself.
        try self.init(
            unit, messageBytesMax: messageBytesMax, payload.map { .column($0) } ?? .json(JSONRows(unit.rows.columns)),
            without: isPayload ? Tables.programFeed : nil)
    }

    init(
        _ unit: DeliveryUnit, messageBytesMax: Int, _ values: MessageValues, without left: String? = nil
    ) throws(DeliveryError) {
        self.values = values
        keys = MessageIdentity.keyColumns(unit.table)
        self.messageBytesMax = messageBytesMax
        rows = try OrderedRows(unit, without: left)
        try checkSizes()
    }

    package var isAtEnd: Bool { next == rows.rows.count }
    package var rowCount: Int { rows.rows.count }

    private func open(_ row: OrderedRows.Row) -> ResultBatch {
        let batch = rows.batches[Int(row.batch)]
        if row.batch != openBatch {
            openBatch = row.batch
            values.open(batch)
        }
        return batch
    }

    /// - Throws: `row` where a message would be too large, before any is sent.
    private func checkSizes() throws(DeliveryError) {
        // Most batches as a whole are smaller than one message may be.
        guard rows.batches.contains(where: { values.bytesMax($0) > messageBytesMax / 2 }) else { return }
        let scratch = OutgoingMessages()
        for row in rows.rows {
            let batch = open(row)
            guard values.bytesMax(Int(row.row)) > messageBytesMax / 2 else { continue }
            scratch.removeAll()
            values.append(Int(row.row), of: batch, to: scratch.values)
            batch.appendKey(row: Int(row.row), columns: keys, to: scratch.keys)
            let bytes = scratch.values.count + scratch.keys.count
            if bytes > messageBytesMax { throw DeliveryError(tooLarge: bytes, of: messageBytesMax, offset: row.offset) }
        }
    }

    package func encode(into messages: OutgoingMessages, bytes: Int) -> Int64? {
        messages.removeAll()
        messages.values.reserve(min(bytes, (rows.rows.count - next) * Self.rowBytes))
        guard next < rows.rows.count else { return nil }
        var offset = rows.rows[next].offset
        var index: Int32 = 0
        // First message of those that only their values order.
        var equal = 0
        while next < rows.rows.count {
            let row = rows.rows[next]
            if row.offset != offset {
                if messages.values.count >= bytes { break }
                (offset, index) = (row.offset, 0)
            }
            if next > 0, rows.rows[next - 1].offset != row.offset || rows.rows[next - 1].rank != row.rank {
                messages.sortByValue(equal..<messages.count)
                equal = messages.count
            }
            let batch = open(row)
            let (value, key) = (messages.values.count, messages.keys.count)
            values.append(Int(row.row), of: batch, to: messages.values)
            batch.appendKey(row: Int(row.row), columns: keys, to: messages.keys)
            messages.append(valueFrom: value, keyFrom: key, offset: row.offset, index: index)
            index += 1
            next += 1
        }
        messages.sortByValue(equal..<messages.count)
        return offset
    }
}
