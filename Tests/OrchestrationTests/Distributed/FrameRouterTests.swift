import Analytics
import Feeds
import Foundation
import Journaling
import Market
import Platform
import TestKit
import Testing

@testable import Orchestration

@Suite struct FrameRouterTests {
    /// Decodes frames one by one.
    private final class Decoding {
        private let instruments = InstrumentTable()
        private var decoders: [String: any FeedDecoder] = [:]

        func begin(_ item: RoutedItem) throws {
            let context = DecoderContext(instruments: instruments, conditions: StringTable(), feedNumber: 0)
            decoders[item.feed] = try FeedRegistry.makeDecoder(
                settings: String(decoding: item.payload, as: UTF8.self), context: context)
        }

        /// Instruments of a frame's trades and quotes, and their times.
        func events(_ item: RoutedItem) -> [(instrument: Instrument, eventNs: Int64)] {
            let events = EventBatch()
            (item.payload + [UInt8](repeating: 0, count: 64)).withUnsafeBytes {
                decoders[item.feed]?.decode(
                    payload: UnsafeRawBufferPointer(rebasing: $0[..<item.payload.count]), journalOffset: 0,
                    ingestTimeNs: item.ingestNs, into: events)
            }
            return (0..<events.trades.count).map {
                (instruments[events.trades.instrument[$0]], events.trades.eventTimeNs[$0])
            }
                + (0..<events.quotes.count).map {
                    (instruments[events.quotes.instrument[$0]], events.quotes.eventTimeNs[$0])
                }
        }
    }

    @Test(arguments: 0..<30) func `every record is in the partitions that need it, and once as the original`(
        seed: UInt64
    ) throws {
        let script = try ScriptedJournal(seed: seed, count: 300)
        let count = [1, 2, 3, 7][Int(seed % 4)]
        let partitioning = TopicPartitioning(count: count)
        let decoding = Decoding()
        var expected = [[RoutedItem]](repeating: [], count: count)
        for item in script.items {
            if item.kind == .begin { try decoding.begin(item) }
            guard item.kind == .data else {
                for partition in 0..<count { expected[partition].append(item) }
                continue
            }
            let targets = Set(decoding.events(item).map { partitioning.partition(of: $0.instrument) })
            let all = targets.isEmpty ? [partitioning.home(feed: item.feed)] : targets.sorted()
            for (place, partition) in all.enumerated() {
                var item = item
                item.kind = place == 0 ? .data : .copy
                expected[partition].append(item)
            }
        }
        let routed = try script.routed(count)
        for partition in 0..<count {
            #expect(routed[partition].filter { $0.kind != .reached } == expected[partition], "partition \(partition)")
        }
        if count == 1 { #expect(!routed[0].contains { $0.kind == .reached || $0.kind == .copy }) }
    }

    @Test(arguments: 0..<30) func `what a partition gets does not depend on where the router was stopped`(
        seed: UInt64
    ) throws {
        var random = SeededGenerator(seed: seed)
        let script = try ScriptedJournal(seed: seed, count: 300, blockBytes: 1024)
        let expected = try script.routed(3)
        let recording = RoutedRecording(3, script.names)
        var state: [UInt8]?
        while true {
            let router = script.router(3, output: recording)
            if let state { #expect(try router.restore(state, topic: "t")) }
            if router.offset >= script.journal.durableOffset { break }
            let reader = try script.journal.makeReader(from: router.offset)
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                if let block = try reader.next(timeoutNs: 0) { router.route(block) }
            }
            state = router.encode(topic: "t")
        }
        #expect(recording.partitions == expected)
        #expect(try script.router(3, output: nil).restore(state ?? [], topic: "other") == false)
        #expect(try script.router(4, output: nil).restore(state ?? [], topic: "t") == false)
    }

    @Test(arguments: 0..<30) func `a partition knows of event time what its bars depend on`(seed: UInt64) throws {
        let script = try ScriptedJournal(seed: seed, count: 400)
        let (count, configuration) = (4, script.configuration)
        let routed = try script.routed(count)
        let truth = try clocks(script.items, configuration, partition: nil)
        for partition in 0..<count {
            let known = try clocks(routed[partition], configuration, partition: partition)
            for (offset, clock) in known {
                let (there, here) = (try #require(truth[offset]), clock)
                if there.isControl {
                    #expect(there.clock == here.clock, "offset \(offset)")
                } else {
                    #expect(!there.clock.isInAnotherSecond(than: here.clock, latenessNs: configuration.latenessNs))
                    for (_, eventNs) in there.events {
                        #expect(
                            there.clock.isLate(eventNs, latenessNs: configuration.latenessNs)
                                == here.clock.isLate(eventNs, latenessNs: configuration.latenessNs), "offset \(offset)")
                    }
                }
            }
        }
    }

    private struct Moment {
        var clock: EventClock
        var isControl: Bool
        var events: [(instrument: Instrument, eventNs: Int64)] = []
    }

    /// The clock of each record's feed before it, by what stands before it.
    private func clocks(
        _ items: [RoutedItem], _ configuration: EngineConfiguration, partition: Int?
    ) throws -> [Offset: Moment] {
        let decoding = Decoding()
        var clocks: [String: EventClock] = [:]
        var moments: [Offset: Moment] = [:]
        for item in items {
            var clock = clocks[item.feed] ?? EventClock()
            switch item.kind {
            case .reached:
                let mark = try #require(item.payload.withUnsafeBytes { EventTimeMark(payload: $0) })
                clock.take(eventNs: mark.eventNs, ingestNs: mark.ingestNs, futureToleranceNs: .max)
            case .begin, .end, .heartbeat:
                moments[item.offset] = Moment(clock: clock, isControl: true)
                if item.kind == .begin { try decoding.begin(item) }
                let text = String(decoding: item.payload, as: UTF8.self)
                if item.kind == .heartbeat {
                    clock.heartbeat(ingestTimeNs: item.ingestNs, graceNs: configuration.idleGraceNs)
                } else if item.kind == .end || !SessionSettings.continues(text) {
                    clock = EventClock()
                }
            case .data, .copy:
                let events = decoding.events(item)
                moments[item.offset] = Moment(clock: clock, isControl: false, events: events)
                for (_, eventNs) in events {
                    clock.take(
                        eventNs: eventNs, ingestNs: item.ingestNs, futureToleranceNs: configuration.futureToleranceNs)
                }
            case .define: break
            }
            clocks[item.feed] = clock
        }
        return moments
    }

    @Test func `quiet partitions hear once a second how far event time is`() throws {
        let script = try ScriptedJournal(seed: 1, count: 0)
        let recording = RoutedRecording(3, script.names)
        let router = script.router(3, output: recording)
        func trade(_ second: Int64) -> ScriptedRecord {
            let ms = (1_700_000_000 + second) * 1000
            return ScriptedRecord(
                feed: "finnhub", ingestNs: ms * 1_000_000,
                text: #"{"type":"trade","data":[{"s":"AAPL","p":1.5,"v":1,"t":\#(ms)}]}"#)
        }
        try script.append(
            [ScriptedRecord(feed: "finnhub", kind: .begin, ingestNs: 1, text: FrameScript.settings["finnhub"] ?? "")])
        for second in 0..<4 {
            try script.append([trade(Int64(second))])
            try script.route(router)
            router.tick()
            router.tick()
        }
        let home = TopicPartitioning(count: 3).partition(of: Instrument(venue: "US", symbol: "AAPL"))
        for partition in 0..<3 where partition != home {
            let marks = recording.partitions[partition].filter { $0.kind == .reached }
                .compactMap { $0.payload.withUnsafeBytes { EventTimeMark(payload: $0) }?.eventNs }
            #expect(Set(marks).count == 4 && marks.count <= 5, "\(marks)")
        }
        #expect(!recording.partitions[home].contains { $0.kind == .reached })
    }

    @Test func `a feed whose senders number their frames is not divided`() throws {
        let script = try ScriptedJournal(seed: 1, count: 0)
        let settings = #"{"decoder":"push","format":"trades"}"#
        try script.append([
            ScriptedRecord(feed: "bus", kind: .begin, ingestNs: 1, text: settings),
            ScriptedRecord(
                feed: "bus", ingestNs: 2, text: #"{"type":"trade","data":[{"s":"AAPL","p":1,"v":1,"t":5}]}"#),
        ])
        let routed = try script.routed(5)
        let home = TopicPartitioning(count: 5).home(feed: "bus")
        for partition in 0..<5 { #expect(routed[partition].count == (partition == home ? 2 : 1)) }
    }
}
