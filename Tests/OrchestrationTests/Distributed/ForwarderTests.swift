import Analytics
import Foundation
import Journaling
import Kafka
import Market
import Platform
import Synchronization
import TestKit
import Testing

@testable import Orchestration

@Suite(.serialized) struct ForwarderTests {
    /// A topic of brokers inside the test.
    private struct Topic {
        static let name = "tapedeck.journal"
        let cluster: KafkaMockCluster
        let settings: JournalTopic

        init(partitions: Int, settings: [String] = []) throws {
            cluster = try KafkaMockCluster()
            try cluster.createTopic(Self.name, partitions: partitions)
            self.settings = try JournalTopic(
                Options(
                    JournalTopic.spec,
                    assignments: ["brokers=\(cluster.brokers)", "partitions=\(partitions)"] + settings))
        }

        /// What a reader takes from each partition, and how many records it drops.
        func read(_ partitions: Int) throws -> (taken: [[RoutedItem]], dropped: Int) {
            var settings = KafkaSettings()
            try settings.set("bootstrap.servers", cluster.brokers)
            var taken = [[RoutedItem]](repeating: [], count: partitions)
            var ends: [UInt64: [Offset]] = [:]
            var dropped = 0
            var failure: (any Error)?
            try KafkaTopicReader(settings).read(Self.name, partitions: partitions, timeoutMs: 20_000) { message in
                do {
                    let block = try TopicBlock(message.value ?? UnsafeRawBufferPointer(start: nil, count: 0))
                    let partition = Int(message.source.partition)
                    #expect(block.partition == partition && block.partitionCount == partitions)
                    #expect(
                        message.key.map { String(decoding: $0, as: UTF8.self) } == ProducerNumber.text(block.producer))
                    let end = ends[block.producer]?[partition] ?? 0
                    guard block.follows(end) else { return }
                    for index in 0..<block.count {
                        let record = block[index]
                        guard record.offset >= end else {
                            dropped += 1
                            continue
                        }
                        taken[partition].append(
                            RoutedItem(
                                offset: record.offset, kind: record.kind, feed: block.feeds[record.feed],
                                ingestNs: record.ingestTimeNs, payload: Array(record.payload)))
                    }
                    ends[block.producer, default: Array(repeating: 0, count: partitions)][partition] = max(
                        end, block.endOffset)
                } catch { failure = error }
            }
            if let failure { throw failure }
            return (taken, dropped)
        }
    }

    private func forwarder(_ script: ScriptedJournal, _ topic: Topic) throws -> Forwarder {
        try Forwarder(
            script.journal, to: topic.settings, script.configuration, feedNames: script.names,
            checkpoints: CheckpointStore(folder: script.folder.path + "/forwarded"))
    }

    /// Runs a forwarder until a condition holds or time is over; returns whether it held.
    private func run(_ forwarder: Forwarder, until isDone: () -> Bool, seconds: Double = 20) -> Bool {
        let thread = NamedThread("forward") { forwarder.run() }
        let watch = Stopwatch()
        while !isDone(), watch.seconds < seconds { Pause.wait(ns: 1_000_000) }
        let isOver = isDone()
        forwarder.end()
        thread.join()
        return isOver
    }

    private func isSame(_ taken: [[RoutedItem]], _ expected: [[RoutedItem]]) -> Bool {
        zip(taken, expected).allSatisfy { withoutTicks($0, like: $1) == $1 }
    }

    /// Ticks depend on the clock; all else must be equal.
    private func withoutTicks(_ items: [RoutedItem], like expected: [RoutedItem]) -> [RoutedItem] {
        var marks = expected.filter { $0.kind == .reached }[...]
        return items.filter { item in
            guard item.kind == .reached else { return true }
            guard marks.first == item else { return false }
            marks = marks.dropFirst()
            return true
        }
    }

    @Test func `what was appended arrives, each record where it belongs`() throws {
        let script = try ScriptedJournal(seed: 3, count: 2000)
        let topic = try Topic(partitions: 3)
        let expected = try script.routed(3)
        let forwarder = try forwarder(script, topic)
        forwarder.drain()
        #expect(run(forwarder, until: { forwarder.report.offset >= script.journal.durableOffset }))
        let (taken, dropped) = try topic.read(3)
        #expect(isSame(taken, expected))
        #expect(dropped == 0)
        #expect(forwarder.report.problem == nil && forwarder.report.messages > 0)
    }

    @Test(arguments: 0..<6) func `a forwarder that is killed anywhere repeats only what readers drop`(
        seed: UInt64
    ) throws {
        var random = SeededGenerator(seed: seed)
        let script = try ScriptedJournal(seed: seed, count: 1500, blockBytes: 2048)
        let topic = try Topic(partitions: 3)
        let saved = script.folder.path + "/saved"
        let checkpoints = script.folder.path + "/forwarded"
        var lives = 0
        for isLast in [false, false, false, false, true] {
            let forwarder = try forwarder(script, topic)
            lives += 1
            if isLast {
                forwarder.drain()
                #expect(run(forwarder, until: { forwarder.report.offset >= script.journal.durableOffset }))
                break
            }
            let limit = Offset.random(in: 0..<script.journal.durableOffset, using: &random)
            _ = run(forwarder, until: { forwarder.routedOffset >= limit }, seconds: 2)
            // As if the last checkpoint had not been written: what was sent since is sent again.
            if Bool.random(using: &random), FileManager.default.fileExists(atPath: saved) {
                try? FileManager.default.removeItem(atPath: checkpoints)
                try FileManager.default.moveItem(atPath: saved, toPath: checkpoints)
            }
            try? FileManager.default.removeItem(atPath: saved)
            try FileManager.default.copyItem(atPath: checkpoints, toPath: saved)
        }
        let expected = try script.routed(3)
        let (taken, dropped) = try topic.read(3)
        #expect(isSame(taken, expected))
        #expect(dropped > 0, "\(lives) lives sent nothing again")
    }

    @Test func `brokers that go and come lose nothing`() throws {
        let script = try ScriptedJournal(seed: 5, count: 500)
        let topic = try Topic(partitions: 2)
        topic.cluster.setDown(true)
        let forwarder = try forwarder(script, topic)
        let thread = NamedThread("forward") { forwarder.run() }
        let watch = Stopwatch()
        while forwarder.report.problem == nil, watch.seconds < 15 { Pause.wait(ns: 5_000_000) }
        #expect(forwarder.report.problem != nil && forwarder.report.offset == 0)
        topic.cluster.setDown(false)
        for round in 0..<3 {
            topic.cluster.fail(.produce, codes: [6, 7, -195])
            try script.append(FrameScript(seed: UInt64(100 + round), count: 300).records)
            while forwarder.report.offset < script.journal.durableOffset, watch.seconds < 60 {
                Pause.wait(ns: 5_000_000)
            }
        }
        forwarder.drain()
        thread.join()
        #expect(forwarder.report.offset == script.journal.durableOffset)
        let expected = try script.routed(2)
        let (taken, _) = try topic.read(2)
        #expect(isSame(taken, expected))
    }

    @Test func `a message that is refused is told, and sent again with all behind it`() throws {
        let script = try ScriptedJournal(seed: 9, count: 400)
        let topic = try Topic(partitions: 2)
        // Larger than the topic takes: nothing that librdkafka would try again.
        topic.cluster.fail(.produce, codes: [10])
        let forwarder = try forwarder(script, topic)
        let thread = NamedThread("forward") { forwarder.run() }
        let watch = Stopwatch()
        while forwarder.report.problem == nil, watch.seconds < 20 { Pause.wait(ns: 1_000_000) }
        #expect(forwarder.report.problem?.contains("size") == true, "\(forwarder.report.problem ?? "no problem")")
        forwarder.drain()
        thread.join()
        #expect(forwarder.report.offset == script.journal.durableOffset && forwarder.report.problem == nil)
        let expected = try script.routed(2)
        let (taken, _) = try topic.read(2)
        #expect(isSame(taken, expected))
    }

    @Test func `a topic with other partitions than configured is named`() throws {
        let script = try ScriptedJournal(seed: 5, count: 10)
        let topic = try Topic(partitions: 2)
        let other = try JournalTopic(
            Options(JournalTopic.spec, assignments: ["brokers=\(topic.cluster.brokers)", "partitions=3"]))
        let forwarder = try Forwarder(
            script.journal, to: other, script.configuration, feedNames: script.names,
            checkpoints: CheckpointStore(folder: script.folder.path + "/forwarded"))
        #expect(run(forwarder, until: { forwarder.report.problem != nil }))
        #expect(forwarder.report.problem?.contains("has 2 partitions, not 3") == true)
    }

    @Test func `a journal keeps its number`() throws {
        let folder = TemporaryFolder()
        let number = try ProducerNumber.of(journal: folder.path)
        #expect(try ProducerNumber.of(journal: folder.path) == number)
        try Data("nonsense".utf8).write(to: folder.url.appending(path: "producer"))
        #expect(throws: PipelineError.self) { try ProducerNumber.of(journal: folder.path) }
    }
}
