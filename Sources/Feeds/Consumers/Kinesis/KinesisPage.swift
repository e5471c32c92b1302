internal import Foundation
internal import Market

/// The answer to `GetRecords`.
///
/// - Source: Amazon Kinesis Data Streams API reference, `GetRecords`, `Record`.
struct KinesisPage: Decodable {
    private struct Record: Decodable {
        let SequenceNumber: String
        let Data: String
        let PartitionKey: String?
        let ApproximateArrivalTimestamp: Double?
    }
    private let Records: [Record]
    private let NextShardIterator: String?
    private let MillisBehindLatest: Int64?

    /// Why an answer cannot be used.
    struct Problem: Error {
        let message: String
    }

    private static let groups = [
        AnswerGroup(
            path: "Records", columns: ["SequenceNumber", "Data", "PartitionKey", "ApproximateArrivalTimestamp"],
            numbers: [3]),
        AnswerGroup(layout: .columns, columns: ["NextShardIterator", "MillisBehindLatest"], numbers: [1]),
    ]

    static func batch(_ body: [UInt8]) throws(Problem) -> KinesisClient.Batch {
        if let batch = usual(body) { return batch }
        // Nothing in it, or something odd: a slower reader tells what.
        guard let page = try? JSONDecoder().decode(KinesisPage.self, from: Data(body)) else {
            throw Problem(message: "not what the service's description says")
        }
        var batch = KinesisClient.Batch(next: page.NextShardIterator, behindMs: max(0, page.MillisBehindLatest ?? 0))
        for record in page.Records {
            guard
                let known = self.record(
                    record.SequenceNumber, record.Data, record.PartitionKey, record.ApproximateArrivalTimestamp)
            else { throw Problem(message: "a record without sequence number or base 64 data") }
            batch.records.append(known)
        }
        return batch
    }

    /// An answer with records, each of them with number and data; nil for anything else.
    private static func usual(_ body: [UInt8]) -> KinesisClient.Batch? {
        guard let table = try? JSONAnswerTable(groups) else { return nil }
        return PaddedBytes.with(body) { bytes in
            guard unsafe table.read(bytes) == nil, table.rows(0) > 0 else { return nil }
            func number(_ group: Int, _ column: Int, row: Int) -> Double? {
                (try? table.cell(group, column, row: row).number("")) ?? nil
            }
            let behindMs = min(max(0, number(1, 1, row: 0) ?? 0), 9e15)
            var batch = KinesisClient.Batch(next: table.cell(1, 0, row: 0).text, behindMs: Int64(behindMs))
            batch.records.reserveCapacity(table.rows(0))
            for row in 0..<table.rows(0) {
                guard let digits = table.cell(0, 0, row: row).text, let data = table.cell(0, 1, row: row).text,
                    let record = record(digits, data, table.cell(0, 2, row: row).text, number(0, 3, row: row))
                else { return nil }
                batch.records.append(record)
            }
            return batch
        }
    }

    /// - Returns: nil where number or data are none.
    private static func record(
        _ digits: String, _ data: String, _ partitionKey: String?, _ arrived: Double?
    ) -> KinesisClient.Record? {
        guard let number = StreamNumber(digits: Array(digits.utf8)), let data = Data(base64Encoded: data) else {
            return nil
        }
        return KinesisClient.Record(
            number: number, data: [UInt8](data), partitionKey: partitionKey ?? "",
            arrivedNs: arrived.flatMap(nanoseconds))
    }

    private static func nanoseconds(_ seconds: Double) -> Int64? {
        guard seconds > 0, seconds < 9e9 else { return nil }
        return Int64((seconds * 1000).rounded()) * 1_000_000
    }
}
