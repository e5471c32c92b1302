import Analytics
import Feeds
import Foundation
import Journaling
import Market
import Platform
import TestKit

@testable import Orchestration

/// What a partition gets, as a plain value.
struct RoutedItem: Equatable {
    var offset: Offset
    var kind: RecordKind
    var feed: String
    var ingestNs: Int64
    var payload: [UInt8]
}

/// Keeps what a router gives to each partition.
final class RoutedRecording: RoutedRecords {
    private(set) var partitions: [[RoutedItem]]
    private let names: FeedNames

    init(_ count: Int, _ names: FeedNames) {
        partitions = Array(repeating: [], count: count)
        self.names = names
    }

    func take(_ record: JournalBlock.Record, as kind: RecordKind, partition: Int) {
        partitions[partition].append(
            RoutedItem(
                offset: record.offset, kind: kind, feed: names.name(record.feed), ingestNs: record.ingestTimeNs,
                payload: record.payloadBytes))
    }

    func take(_ mark: EventTimeMark, feed: FeedID, before offset: Offset, ingestTimeNs: Int64, partition: Int) {
        partitions[partition].append(
            RoutedItem(
                offset: offset, kind: .reached, feed: names.name(feed), ingestNs: ingestTimeNs,
                payload: mark.withPayload { Array($0) }))
    }
}

/// A journal of scripted records, to be routed.
final class ScriptedJournal {
    let folder = TemporaryFolder()
    let journal: Journal
    let names = FeedNames()
    let configuration: EngineConfiguration
    private(set) var items: [RoutedItem] = []

    init(seed: UInt64, count: Int, blockBytes: Int = 4096) throws {
        var options = Journal.Options()
        options.blockBytes = blockBytes
        journal = try Journal(path: folder.path + "/journal", options: options)
        configuration = try EngineConfiguration(intervals: [Interval(parsing: "1s"), Interval(parsing: "1m")])
        try append(FrameScript(seed: seed, count: count).records)
    }

    deinit { journal.close() }

    func append(_ records: [ScriptedRecord]) throws {
        for record in records {
            let feed = try journal.feed(named: record.feed)
            names.set(record.feed, of: feed)
            let payload = Array(record.text.utf8)
            let offset = try payload.withUnsafeBytes { bytes in
                try journal.append(
                    record.kind, feed: feed, ingestTime: Timestamp(nanoseconds: record.ingestNs), payload: bytes)
            }
            items.append(
                RoutedItem(
                    offset: offset, kind: record.kind, feed: record.feed, ingestNs: record.ingestNs, payload: payload))
        }
        try journal.waitUntilDurable(journal.nextOffset - 1)
    }

    func router(_ partitions: Int, output: (any RoutedRecords)?) -> FrameRouter {
        FrameRouter(TopicPartitioning(count: partitions), configuration, feedNames: names, output: output)
    }

    /// Routes everything that is durable.
    ///
    /// - Parameter between: called between blocks.
    func route(_ router: FrameRouter, between: () -> Void = {}) throws {
        let reader = try journal.makeReader(from: router.offset)
        while router.offset < journal.durableOffset {
            if let block = try reader.next(timeoutNs: 0) { router.route(block) }
            between()
        }
    }

    /// What each partition shall get.
    func routed(_ partitions: Int) throws -> [[RoutedItem]] {
        let recording = RoutedRecording(partitions, names)
        try route(router(partitions, output: recording))
        return recording.partitions
    }
}
