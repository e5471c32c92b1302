internal import Foundation
internal import Networking
internal import Platform

/// Puts records into a stream. Of one key only one record is under way at a time: a shard that takes some records and not others
/// cannot turn their order round.
///
/// - Source: Amazon Kinesis Data Streams API reference, `PutRecords`: 500 records and 5 MiB a request, partial failures.
struct KinesisWriter {
    private let service: AWSService
    private let stream: KinesisStream
    private let meter: UsageMeter

    private static let recordsMax = 500
    /// Bytes of keys and lines in a request.
    private static let bytesMax = 5 << 20

    /// Bytes of a record that are billed together.
    ///
    /// - Source: Amazon Kinesis Data Streams pricing, "PUT Payload Unit".
    private static let unitBytes = 25 << 10

    /// - Parameter meter: its units are payload units.
    init(_ service: AWSService, _ stream: KinesisStream, _ meter: UsageMeter) {
        self.service = service
        self.meter = meter
        self.stream = stream
    }

    /// Writes all records, and returns when the service has them.
    func write(_ records: KinesisRecords) throws(CloudError) {
        var turn = 0
        while true {
            let due = records.records.compactMap { turn < $0.count ? $0[turn] : nil }
            if due.isEmpty { return }
            var bytes = 0
            var request: [KinesisRecords.Record] = []
            for record in due {
                let count = record.lines.count + record.key.utf8.count
                if !request.isEmpty, request.count == Self.recordsMax || bytes + count > Self.bytesMax {
                    try put(request, records.lines)
                    request = []
                    bytes = 0
                }
                request.append(record)
                bytes += count
            }
            try put(request, records.lines)
            turn += 1
        }
    }

    private struct Answer: Decodable {
        struct Outcome: Decodable {
            let ErrorCode: String?
            let ErrorMessage: String?
        }
        let Records: [Outcome]
    }

    /// Puts the records of one request, again and again those that were not taken.
    private func put(_ records: [KinesisRecords.Record], _ lines: Column<UInt8>) throws(CloudError) {
        var left = records
        var retry = CloudRetry()
        while true {
            do throws(CloudError) {
                let refused = try outcomes(left, lines)
                guard let first = refused.first else { return }
                if refused.count < left.count { retry.worked() }
                left = refused.map(\.record)
                throw CloudError(.throttled, first.reason, operation: "PutRecords")
            } catch {
                try retry.wait(after: error)
            }
        }
    }

    /// Puts records once.
    ///
    /// - Returns: those that were not taken, and why.
    private func outcomes(
        _ records: [KinesisRecords.Record], _ lines: Column<UInt8>
    ) throws(CloudError) -> [(record: KinesisRecords.Record, reason: String)] {
        let bytes = try service.call("PutRecords", body(records, lines))
        guard let answer = try? JSONDecoder().decode(Answer.self, from: Data(bytes)),
            answer.Records.count == records.count
        else {
            throw CloudError(
                .malformed, "the answer is not what the service's description says", operation: "PutRecords")
        }
        return zip(records, answer.Records).compactMap { record, outcome in
            guard let code = outcome.ErrorCode else {
                meter.add(units: Int64((record.lines.count + Self.unitBytes - 1) / Self.unitBytes))
                return nil
            }
            return (record, "\(code): \(outcome.ErrorMessage ?? "")")
        }
    }

    private func body(_ records: [KinesisRecords.Record], _ lines: Column<UInt8>) -> [UInt8] {
        let text = Column<UInt8>()
        text.append(utf8: "{\(stream.member),\"Records\":[")
        for (place, record) in records.enumerated() {
            text.append(utf8: place == 0 ? "{\"Data\":\"" : ",{\"Data\":\"")
            unsafe text.append(
                base64: UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: lines.buffer[record.lines])))
            text.append(utf8: "\",\"PartitionKey\":\(JSONText.quoted(record.key))}")
        }
        text.append(utf8: "]}")
        return unsafe Array(text.buffer)
    }
}
