internal import Databases
internal import Delivery
internal import Kafka
internal import Market
internal import Platform

/// Makes the messages of a unit, each of rows that have the same key: a stream in Arrow's format for other processes.
///
/// A message is known by table, and by journal offset and index of its first row. Where parts and messages end may differ when
/// rows are sent again, so that each row has its index as well, in the column `row_index` behind those of the table.
final class ArrowMessages: MessageParts {
    /// The column of a row's index among the rows of its offset.
    static let index = "row_index"
    /// Bytes of a stream unless one row has more: enough that the schema is little of it, and few enough for consumers.
    private static let streamBytes = 256 << 10

    private let rows: OrderedRows
    private let arrow: ArrowRows
    private let ties: TiedRows
    private let keyColumns: [Int]
    private let messageBytesMax: Int
    private var next = 0
    /// The rows of a part with their keys and what they add to messages, and the rows of a message.
    private let part = Column<ArrowRows.Row>()
    private let sizes = Column<Int>()
    private let keys = OutgoingMessages()
    private let chosen = Column<ArrowRows.Row>()

    /// - Parameter messageBytesMax: bytes of value and key at most.
    init(_ unit: DeliveryUnit, messageBytesMax: Int) throws(DeliveryError) {
        let table = unit.table
        keyColumns = MessageIdentity.keyColumns(table)
        self.messageBytesMax = messageBytesMax
        arrow = try DeliveryError.translating { () throws(DatabaseError) in
            try ArrowRows(table, number: Self.index, unit.rows)
        }
        let avro = try DeliveryError.translating { () throws(DatabaseError) in try AvroRows(table, unit.rows) }
        rows = try OrderedRows(unit)
        ties = TiedRows(rows.batches, avro)
        arrow.open(rows.batches)
        try checkSizes()
    }

    var isAtEnd: Bool { next == rows.rows.count }
    var rowCount: Int { rows.rows.count }

    /// - Throws: `row` where a message of one row would be too large, before any is sent.
    private func checkSizes() throws(DeliveryError) {
        let room = messageBytesMax - arrow.fixedBytes
        guard rows.batches.contains(where: { 2 * arrow.bytesMax($0) > room }) else { return }
        let key = Column<UInt8>()
        for row in rows.rows {
            let bytes = arrow.bytes(batch: row.batch, row: row.row)
            guard 2 * bytes > room else { continue }
            key.removeAll()
            rows.batches[Int(row.batch)].appendKey(row: Int(row.row), columns: keyColumns, to: key)
            guard bytes + key.count <= room else {
                let message = bytes + key.count + arrow.fixedBytes
                throw DeliveryError(tooLarge: message, of: messageBytesMax, offset: row.offset)
            }
        }
    }

    func encode(into messages: OutgoingMessages, bytes: Int) -> Int64? {
        messages.removeAll()
        guard next < rows.rows.count else { return nil }
        let (last, sum) = takePart(bytes: bytes)
        messages.values.reserve(sum)
        for places in MessageGroups(keys).places { append(places, to: messages) }
        return last
    }

    /// Takes rows of whole offsets, until there are enough, with their indexes and keys.
    ///
    /// - Returns: the last offset, and bytes that the rows add to messages at most.
    private func takePart(bytes: Int) -> (last: Int64, bytes: Int) {
        part.removeAll()
        sizes.removeAll()
        keys.removeAll()
        var (offset, index, sum) = (rows.rows[next].offset, Int32(0), 0)
        while next < rows.rows.count {
            let first = rows.rows[next]
            if first.offset != offset {
                if sum >= bytes { break }
                (offset, index) = (first.offset, 0)
            }
            let equal = rows.equal(from: next)
            next = equal.upperBound
            if equal.count == 1 {
                sum += take(first, &index)
            } else {
                for row in ties.ordered(rows.rows[equal]) { sum += take(row, &index) }
            }
        }
        return (offset, sum)
    }

    /// Takes the next row of its offset.
    ///
    /// - Returns: bytes that it adds to a message at most.
    private func take(_ row: OrderedRows.Row, _ index: inout Int32) -> Int {
        let key = keys.keys.count
        rows.batches[Int(row.batch)].appendKey(row: Int(row.row), columns: keyColumns, to: keys.keys)
        keys.append(valueFrom: 0, keyFrom: key, offset: row.offset, index: index)
        part.append(ArrowRows.Row(batch: row.batch, row: row.row, number: index))
        index += 1
        let bytes = arrow.bytes(batch: row.batch, row: row.row)
        sizes.append(bytes)
        return bytes
    }

    /// Makes the messages of one key.
    private func append(_ places: [Int], to messages: OutgoingMessages) {
        let key = keys.place(places[0]).key
        let room = min(Self.streamBytes, messageBytesMax - arrow.fixedBytes - key.count)
        chosen.removeAll()
        var (first, sum) = (places[0], 0)
        for place in places {
            if chosen.count > 0, sum + sizes[place] > room {
                appendMessage(first, key, to: messages)
                (first, sum) = (place, 0)
            }
            chosen.append(part[place])
            sum += sizes[place]
        }
        appendMessage(first, key, to: messages)
    }

    /// Makes a message of the rows that are chosen; `first` is the place of the first one.
    private func appendMessage(_ first: Int, _ key: Range<Int>, to messages: OutgoingMessages) {
        let place = keys.place(first)
        let (valueStart, keyStart) = (messages.values.count, messages.keys.count)
        arrow.write(chosen, to: messages.values)
        messages.keys.append(key, of: keys.keys)
        messages.append(
            valueFrom: valueStart, keyFrom: keyStart, offset: place.offset, index: place.index, rows: chosen.count)
        chosen.removeAll()
    }
}
