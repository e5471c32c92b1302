/// Reads a stream in Arrow's format for other processes: a schema, one batch, the end. What is not as the format has it ends the
/// test.
///
/// - Source: Apache Arrow, "Columnar Format"; `Schema.fbs`, `Message.fbs`.
public struct ArrowStream {
    /// A column, with the number of its type among `Type`.
    public struct Column: Equatable {
        public let name: String
        public let type: UInt8
        public let isNullable: Bool
        /// Bytes of a value; 0 where they have no fixed number.
        let width: Int
    }

    public private(set) var columns: [Column] = []
    /// The values of each row as texts: integers, dates, moments and decimals as integers, the bits of doubles, `null`.
    public private(set) var rows: [[String]] = []
    private let bytes: [UInt8]

    public init(_ bytes: [UInt8]) {
        self.bytes = bytes
        let schema = ArrowMessage(bytes, 0)
        precondition(schema.kind == 1 && schema.bodyBytes == 0, "a stream begins with its schema")
        columns = (schema.header.tables(1) ?? []).map(Self.column)
        let batch = ArrowMessage(bytes, schema.end)
        precondition(batch.kind == 3, "a batch is behind the schema")
        readRows(batch)
        precondition(Array(bytes[batch.end...]) == [0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0], "a stream ends")
    }

    private static func column(_ field: FlatbufferTable) -> Column {
        let type = field.number(2, UInt8.self)
        guard let description = field.table(3), let children = field.tables(5), children.isEmpty else {
            preconditionFailure("a field has a type, and a list without children")
        }
        let width: Int
        switch type {
        case 2: width = Int(description.number(0, Int32.self)) / 8
        case 3: width = 8
        case 7: width = 16
        case 8: width = 4
        case 10: width = 8
        default: width = 0
        }
        if type == 10 { precondition(description.number(0, Int16.self) == 2 && description.text(1) == "UTC") }
        return Column(name: field.text(0), type: type, isNullable: field.number(1, UInt8.self) == 1, width: width)
    }

    private mutating func readRows(_ batch: ArrowMessage) {
        let count = Int(batch.header.number(0, Int64.self))
        let nodes = batch.header.pairs(1)
        var buffers = batch.header.pairs(2)[...]
        precondition(nodes.count == columns.count && nodes.allSatisfy { $0.0 == count }, "a column has all rows")
        rows = Array(repeating: [], count: count)
        for (column, node) in zip(columns, nodes) {
            let validity = batch.buffer(bytes, buffers.removeFirst())
            let ends = column.type == 4 || column.type == 5 ? batch.buffer(bytes, buffers.removeFirst()) : []
            let values = batch.buffer(bytes, buffers.removeFirst())
            var missing = 0
            for row in 0..<count {
                if !validity.isEmpty, validity[row / 8] >> (row % 8) & 1 == 0 {
                    missing += 1
                    rows[row].append("null")
                } else {
                    rows[row].append(Self.value(column, row, ends, values))
                }
            }
            precondition(missing == node.1 && (missing == 0 || column.isNullable), "missing values are counted")
        }
        precondition(buffers.isEmpty, "every buffer belongs to a column")
    }

    private static func value(_ column: Column, _ row: Int, _ ends: [UInt8], _ values: [UInt8]) -> String {
        let place = row * column.width
        switch (column.type, column.width) {
        case (3, _): return "\(FlatbufferTable.load(values, place, UInt64.self))"
        case (_, 4): return "\(FlatbufferTable.load(values, place, Int32.self))"
        case (_, 8): return "\(FlatbufferTable.load(values, place, Int64.self))"
        case (_, 16): return "\(FlatbufferTable.load(values, place, Int128.self))"
        case (6, _): return values[row / 8] >> (row % 8) & 1 == 1 ? "true" : "false"
        default:
            let start = Int(FlatbufferTable.load(ends, 4 * row, Int32.self))
            let bytes = values[start..<Int(FlatbufferTable.load(ends, 4 * row + 4, Int32.self))]
            return column.type == 5 ? String(decoding: bytes, as: UTF8.self) : "\(Array(bytes))"
        }
    }
}

/// A message of a stream.
private struct ArrowMessage {
    /// Which of `MessageHeader` it is.
    let kind: UInt8
    let header: FlatbufferTable
    let bodyBytes: Int
    /// Where its body begins, and where it ends.
    let body: Int
    var end: Int { body + bodyBytes }

    init(_ bytes: [UInt8], _ place: Int) {
        precondition(Array(bytes[place..<place + 4]) == [0xff, 0xff, 0xff, 0xff], "a message begins with its mark")
        let size = Int(FlatbufferTable.load(bytes, place + 4, Int32.self))
        body = place + 8 + size
        precondition(body % 8 == 0, "metadata is filled up")
        let message = FlatbufferTable(Array(bytes[place + 8..<body]))
        precondition(message.number(0, Int16.self) == 4, "the format has version 5")
        kind = message.number(1, UInt8.self)
        bodyBytes = Int(message.number(3, Int64.self))
        guard let header = message.table(2) else { preconditionFailure("a message has a header") }
        self.header = header
    }

    func buffer(_ bytes: [UInt8], _ numbers: (place: Int, count: Int)) -> [UInt8] {
        precondition(
            numbers.place % 8 == 0 && numbers.place + numbers.count <= bodyBytes, "a buffer is in the body, aligned")
        return Array(bytes[body + numbers.place..<body + numbers.place + numbers.count])
    }
}
