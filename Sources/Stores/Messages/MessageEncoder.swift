internal import Databases
package import Delivery
package import Kafka
internal import Market
internal import Platform

/// Makes the messages of a unit, part by part.
///
/// A message is known by table, journal offset and its index among the rows of that offset. Rows of one offset that nothing else
/// orders are ordered by the bytes of their values, so that the index is the same whenever they are sent.
package final class MessageEncoder {
    /// The option for `asReceived`.
    static let asReceived = Spec.Option.boolean(
        "as_received", default: "false",
        "Messages of the table `frames` are the frames as they came, in the order of their feed, rather than rows: feeds of another "
            + "pipeline read them in the format of their venue.")

    private let rows: OrderedRows
    private let json: JSONRows
    private let keys: [Int]
    private let messageBytesMax: Int
    /// The column whose bytes are the value; nil where a row is a JSON object.
    private let payload: Int?
    private var next = 0
    /// Bytes of a row's value, about.
    private static let rowBytes = 512
    private var openBatch: Int32 = -1

    /// - Parameters:
    ///   - messageBytesMax: bytes of value and key at most.
    ///   - asReceived: whether frames go as they came, rather than as rows.
    package init(_ unit: DeliveryUnit, messageBytesMax: Int, asReceived: Bool = false) throws(DeliveryError) {
        let columns = unit.table.columns.map(\.name)
        payload = asReceived && unit.table.name == Tables.frames.name ? columns.firstIndex(of: "payload") : nil
        keys = MessageIdentity.key(unit.table).compactMap { columns.firstIndex(of: $0) }
        json = JSONRows(unit.rows.columns)
        self.messageBytesMax = messageBytesMax
        rows = try OrderedRows(unit)
        try checkSizes()
    }

    /// Whether all rows were encoded.
    package var isAtEnd: Bool { next == rows.rows.count }

    private func open(_ row: OrderedRows.Row) -> ResultBatch {
        let batch = rows.batches[Int(row.batch)]
        if row.batch != openBatch {
            openBatch = row.batch
            json.open(batch)
        }
        return batch
    }

    /// - Throws: `row` where a message would be too large, before any is sent.
    private func checkSizes() throws(DeliveryError) {
        let scratch = OutgoingMessages()
        for row in rows.rows {
            let batch = open(row)
            guard json.bytesMax(Int(row.row)) > messageBytesMax / 2 else { continue }
            scratch.removeAll()
            appendValue(batch, row, to: scratch)
            appendKey(batch, row, to: scratch)
            let bytes = scratch.values.count + scratch.keys.count
            guard bytes <= messageBytesMax else {
                throw DeliveryError(
                    .row,
                    "a message of \(bytes) bytes at offset \(row.offset) is larger than the \(messageBytesMax) that are taken"
                )
            }
        }
    }

    /// Encodes the next part: whole offsets, until there is enough.
    ///
    /// - Parameter bytes: of values, about.
    /// - Returns: the last offset; nil where nothing is left.
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
            appendValue(batch, row, to: messages)
            appendKey(batch, row, to: messages)
            messages.append(valueFrom: value, keyFrom: key, offset: row.offset, index: index)
            index += 1
            next += 1
        }
        messages.sortByValue(equal..<messages.count)
        return offset
    }

    private func appendValue(_ batch: ResultBatch, _ row: OrderedRows.Row, to messages: OutgoingMessages) {
        if let payload {
            batch.appendText(row: Int(row.row), column: payload, to: messages.values)
        } else {
            json.write(Int(row.row), to: messages.values)
        }
    }

    private func appendKey(_ batch: ResultBatch, _ row: OrderedRows.Row, to messages: OutgoingMessages) {
        for (place, column) in keys.enumerated() {
            if place > 0 { messages.keys.append(UInt8(ascii: ":")) }
            batch.appendText(row: Int(row.row), column: column, to: messages.keys)
        }
    }
}
