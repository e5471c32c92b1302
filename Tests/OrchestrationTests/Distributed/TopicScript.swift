import Databases
import Feeds
import Foundation
import Journaling
import Kafka
import Market
import Platform
import TestKit

@testable import Orchestration

/// Records of a journal, divided among the partitions of a topic and sent there in blocks of random size, some of them
/// twice.
final class TopicScript: RoutedRecords {
    private let folder = TemporaryFolder()
    private let journal: Journal
    private let names = FeedNames()
    private var router: FrameRouter?
    private let writers: [TopicBlockWriter]
    private let producer: KafkaProducer
    private let topic: String
    private var random: SeededGenerator
    private var failure: (any Error)?

    /// - Parameter number: stands for the journal in the topic.
    init(
        _ cluster: KafkaMockCluster, _ topic: String, partitions: Int, _ configuration: PipelineConfiguration,
        number: UInt64 = 1, seed: UInt64 = 1
    ) throws {
        var settings = KafkaSettings()
        try settings.set("bootstrap.servers", cluster.brokers)
        try settings.set("enable.idempotence", "true")
        producer = try KafkaProducer(settings)
        self.topic = topic
        random = SeededGenerator(seed: seed)
        let journal = try Journal(path: folder.path + "/journal")
        self.journal = journal
        writers = (0..<partitions).map { partition in
            TopicBlockWriter(
                producer: number, partition: partition, of: partitions, feedName: { journal.feedName($0) ?? "" })
        }
        router = FrameRouter(
            TopicPartitioning(count: partitions), try configuration.engine(), feedNames: names, output: self)
    }

    deinit { journal.close() }

    /// Sends the next records.
    func send(_ records: some Sequence<ScriptedRecord>) throws {
        let from = journal.nextOffset
        for record in records {
            let feed = try journal.feed(named: record.feed)
            names.set(record.feed, of: feed)
            try Array(record.text.utf8).withUnsafeBytes { bytes in
                _ = try journal.append(
                    record.kind, feed: feed, ingestTime: Timestamp(nanoseconds: record.ingestNs), payload: bytes)
            }
        }
        try journal.waitUntilDurable(journal.nextOffset - 1)
        let reader = try journal.makeReader(from: from)
        while let router, router.offset < journal.nextOffset {
            guard let block = try reader.next(timeoutNs: nil) else { break }
            router.route(block)
        }
        for partition in writers.indices { try finish(partition, at: journal.nextOffset) }
        try producer.flush(timeoutMs: 10_000)
        if let failure { throw failure }
    }

    func take(_ record: JournalBlock.Record, as kind: RecordKind, partition: Int) {
        cut(partition, at: record.offset)
        unsafe writers[partition].append(
            kind, feed: record.feed, offset: record.offset, ingestTimeNs: record.ingestTimeNs,
            payload: record.payload)
    }

    func take(_ mark: EventTimeMark, feed: FeedID, before offset: Offset, ingestTimeNs: Int64, partition: Int) {
        cut(partition, at: offset)
        writers[partition].append(mark, feed: feed, offset: offset, ingestTimeNs: ingestTimeNs)
    }

    /// Ends the block before a record now and then.
    private func cut(_ partition: Int, at offset: Offset) {
        guard offset > writers[partition].firstOffset, Int.random(in: 0..<8, using: &random) == 0 else { return }
        do { try finish(partition, at: offset) } catch { failure = error }
    }

    private func finish(_ partition: Int, at offset: Offset) throws {
        let isTwice = Int.random(in: 0..<6, using: &random) == 0
        try writers[partition].finish(endOffset: offset) { bytes in
            for _ in 0..<(isTwice ? 2 : 1) {
                try unsafe producer.send(bytes, topic: topic, partition: Int32(partition))
            }
        }
    }
}

/// The configuration of a worker whose data folder is `folder/name`, and whose lake and state are `folder`'s.
func workerConfiguration(
    _ folder: String, _ name: String, brokers: String, topic: String, partitions: Int, group: String = "",
    flush: String = "60s", flushRows: Int = 2_000_000, other: String = ""
) throws -> PipelineConfiguration {
    let list = brokers.split(separator: ",").map { "'\($0)'" }.joined(separator: ", ")
    return try PipelineConfiguration.parse(
        """
        pipeline: test
        data: \(folder)/\(name)
        journal: { kafka: { brokers: [\(list)], topic: \(topic), partitions: \(partitions)\(group.isEmpty ? "" : ", group: \(group)") } }
        state: \(folder)/state
        bars: { intervals: [1s, 1m], price_types: [trade, bid, ask] }
        indicators: [sma(3), rsi(3), atr(2)]
        sinks:
          - lake: { path: \(folder)/lake, flush: \(flush), flush_rows: \(flushRows) }
        \(other)
        """, file: nil, components: Registry.components)
}

extension LakeContents {
    /// The same without what a topic's offsets decide: places in the journal, and how rows of coverage are told apart.
    var withoutOffsets: LakeContents {
        var contents = self
        // Partitions keep none.
        contents.tables[Tables.controlRecords.name] = []
        for table in Tables.all where table.name != Tables.controlRecords.name {
            var hidden = [table.columns.firstIndex { $0.name == "journal_offset" }].compactMap { $0 }
            if table.name == "coverage" {
                hidden += table.columns.indices.filter { table.columns[$0].name == "frame_index" }
            }
            // What a recording holds is known by its feed's partition as far as that has heard of it.
            let times = ["from", "from_ns", "to", "to_ns"]
            let detail = table.columns.firstIndex { $0.name == "detail" }
            contents.tables[table.name] = rows(table.name)
                .map { row in
                    let isRecording =
                        table.name == "coverage" && detail.map { "\(row[$0])".contains("recording") } ?? false
                    return row.prefix(table.columns.count).enumerated().filter { column in
                        !hidden.contains(column.offset)
                            && !(isRecording && times.contains(table.columns[column.offset].name))
                    }.map(\.element)
                }
                .sorted { "\($0)" < "\($1)" }
        }
        return contents
    }
}

extension LakeContents {
    /// Rows that only one of two has, the first few of each table, as text.
    func strangers(to other: LakeContents) -> [String] {
        Tables.all.flatMap { table in
            var counts: [String: Int] = [:]
            for row in rows(table.name) { counts[Self.plain(row), default: 0] += 1 }
            for row in other.rows(table.name) { counts[Self.plain(row), default: 0] -= 1 }
            return counts.filter { $0.value != 0 }.sorted { $0.key < $1.key }.prefix(6)
                .map { "\(table.name) \($0.value > 0 ? "+" : "")\($0.value): \($0.key)" }
        }
    }

    private static func plain(_ row: [SQLValue]) -> String { row.map(\.text).joined(separator: " ") }
}
