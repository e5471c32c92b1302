internal import Databases
internal import Kafka
internal import Platform

/// Orders rows that neither offset nor place order, by the bytes of their values.
final class TiedRows {
    private let batches: [ResultBatch]
    private let avro: AvroRows
    private let scratch = OutgoingMessages()
    private var openBatch: Int32 = -1

    /// - Parameter avro: writes the values; the order of the same rows is the same whenever they come.
    init(_ batches: [ResultBatch], _ avro: AvroRows) {
        self.batches = batches
        self.avro = avro
    }

    func ordered(_ rows: ArraySlice<OrderedRows.Row>) -> [OrderedRows.Row] {
        scratch.removeAll()
        for row in rows {
            if row.batch != openBatch {
                openBatch = row.batch
                avro.open(batches[Int(row.batch)])
            }
            let start = scratch.values.count
            avro.write(Int(row.row), to: scratch.values)
            scratch.append(valueFrom: start, keyFrom: 0, offset: Int64(scratch.count), index: 0)
        }
        scratch.sortByValue(0..<scratch.count)
        return (0..<scratch.count).map { rows[rows.startIndex + Int(scratch.place($0).offset)] }
    }
}
