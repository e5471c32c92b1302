internal import Databases
internal import Platform

/// How a row becomes the value of a message.
enum MessageValues {
    /// A JSON object.
    case json(JSONRows)
    /// An Avro record.
    case avro(AvroRows)
    /// What a column holds, as it is.
    case column(Int)

    /// Takes the rows that are written next.
    func open(_ batch: ResultBatch) {
        switch self {
        case .json(let rows): rows.open(batch)
        case .avro(let rows): rows.open(batch)
        case .column: break
        }
    }

    /// Bytes of the value of a row, of the batch that was opened last, at most.
    func bytesMax(_ row: Int) -> Int {
        switch self {
        case .json(let rows): rows.bytesMax(row)
        case .avro(let rows): rows.bytesMax(row)
        case .column: .max
        }
    }

    /// Bytes of the largest value of a batch at most.
    func bytesMax(_ batch: ResultBatch) -> Int {
        switch self {
        case .json(let rows): rows.bytesMax(batch)
        case .avro(let rows): rows.bytesMax(batch)
        case .column: batch.textBytes
        }
    }

    /// Appends the value of a row, of the batch that was opened last.
    @inline(__always)
    func append(_ row: Int, of batch: ResultBatch, to bytes: Column<UInt8>) {
        switch self {
        case .json(let rows): rows.write(row, to: bytes)
        case .avro(let rows): rows.write(row, to: bytes)
        case .column(let column): batch.appendText(row: row, column: column, to: bytes)
        }
    }
}

extension ResultBatch {
    /// Appends the key of a row: the values of its columns, with `:` between them.
    func appendKey(row: Int, columns: [Int], to bytes: Column<UInt8>) {
        for (place, column) in columns.enumerated() {
            if place > 0 { bytes.append(UInt8(ascii: ":")) }
            appendText(row: row, column: column, to: bytes)
        }
    }
}
