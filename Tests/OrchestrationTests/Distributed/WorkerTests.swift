import Feeds
import Foundation
import Journaling
import Kafka
import Lake
import Market
import Platform
import Serving
import Synchronization
import TestKit
import Testing

@testable import Orchestration

/// Workers that share the partitions of a topic store what one process stores.
@Suite(.serialized) struct WorkerTests {
    private static let topic = "tapedeck.journal"

    /// A topic, and the folder of its workers.
    private struct Place {
        let partitions: Int
        let cluster: KafkaMockCluster
        let folder = TemporaryFolder()

        init(partitions: Int) throws {
            self.partitions = partitions
            cluster = try KafkaMockCluster()
            try cluster.createTopic(WorkerTests.topic, partitions: partitions)
        }

        func configuration(
            _ name: String, group: String = "", flushRows: Int = 2_000_000
        ) throws
            -> PipelineConfiguration
        {
            try workerConfiguration(
                folder.path, name, brokers: cluster.brokers, topic: WorkerTests.topic, partitions: partitions,
                group: group, flushRows: flushRows)
        }

        func script(seed: UInt64) throws -> TopicScript {
            try TopicScript(
                cluster, WorkerTests.topic, partitions: partitions, configuration("script"), seed: seed)
        }

        var contents: LakeContents { get throws { try LakeContents(folder.path + "/lake").withoutOffsets } }
    }

    /// The rows that one process makes of a script.
    private func expected(_ records: [ScriptedRecord]) throws -> LakeContents {
        let folder = TemporaryFolder()
        try Pipeline.play(records, configuration(folder.path))
        return try LakeContents(folder.path + "/lake").withoutOffsets
    }

    /// Waits until workers have taken and processed all that the topic has.
    private func wait(_ workers: [Worker], partitions: Int) {
        #expect(
            eventually(seconds: 60) {
                let all = workers.map(\.loop.state)
                return all.reduce(0) { $0 + $1.partitions.count } == partitions
                    && all.allSatisfy { status in
                        status.isCurrent && status.partitions.allSatisfy { $0.pipeline.engine.lagFrames == 0 }
                    }
            }, "\(workers.compactMap(\.loop.state.failure))")
    }

    private func expectSame(_ place: Place, _ records: [ScriptedRecord]) throws {
        let differences = try place.contents.strangers(to: expected(records))
        #expect(differences.isEmpty, "\(differences.joined(separator: "\n"))")
    }

    @Test(arguments: 0..<3)
    func `a worker with all partitions stores what one process stores`(seed: UInt64) throws {
        let records = FrameScript(seed: seed &+ 40, count: 400, keepsTimes: true).records
        let place = try Place(partitions: [1, 3, 12][Int(seed)])
        try place.script(seed: seed).send(records)
        let worker = try Worker(place.configuration("one"))
        worker.start()
        wait([worker], partitions: place.partitions)
        worker.stop()
        try expectSame(place, records)
    }

    @Test(arguments: 0..<2)
    func `workers that come and go move partitions with their state`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let records = FrameScript(seed: seed &+ 60, count: 500, keepsTimes: true).records
        let place = try Place(partitions: 6)
        let script = try place.script(seed: seed)
        var workers: [Worker] = []
        var rest = records[...]
        var life = 0
        while !rest.isEmpty {
            if workers.isEmpty || (workers.count < 3 && Bool.random(using: &random)) {
                let worker = try Worker(
                    place.configuration("w\(life)", flushRows: Int.random(in: 1...300, using: &random)))
                life += 1
                worker.start()
                workers.append(worker)
            } else if Int.random(in: 0..<3, using: &random) == 0 {
                workers.remove(at: Int.random(in: 0..<workers.count, using: &random)).stop()
            }
            let part = rest.prefix(Int.random(in: 20...120, using: &random))
            rest = rest.dropFirst(part.count)
            try script.send(part)
            Pause.wait(ns: Int64.random(in: 0..<1_500_000_000, using: &random))
        }
        if workers.isEmpty {
            workers = [try Worker(place.configuration("last"))]
            workers[0].start()
        }
        wait(workers, partitions: place.partitions)
        for worker in workers { worker.stop() }
        try expectSame(place, records)
    }

    /// What an owner does that was paused and does not know that another has its partitions: here all the time.
    @Test(arguments: 0..<2)
    func `two owners of the same partitions at the same time repeat nothing and lose nothing`(seed: UInt64) throws {
        let records = FrameScript(seed: seed &+ 80, count: 400, keepsTimes: true).records
        let place = try Place(partitions: 3)
        let script = try place.script(seed: seed)
        let workers = try (0..<2).map {
            try Worker(place.configuration("w\($0)", group: "g\($0)", flushRows: [1, 30][Int(seed)] + $0))
        }
        for worker in workers { worker.start() }
        for start in stride(from: 0, to: records.count, by: 50) {
            try script.send(records[start..<min(start + 50, records.count)])
            Pause.wait(ns: 200_000_000)
        }
        for worker in workers { wait([worker], partitions: place.partitions) }
        for worker in workers { worker.stop() }
        try expectSame(place, records)
    }

    /// Ends a worker's flushes at a point, as if the program had ended there.
    private final class Fuse: Sendable {
        private let left: Mutex<Int>
        init(_ points: Int) { left = Mutex(points) }
        var isBurnt: Bool { left.withLock { $0 <= 0 } }
        func burn() throws(LakeError) {
            let isOver = left.withLock { left in
                left -= 1
                return left <= 0
            }
            if isOver { throw LakeError(.io, "crash", operation: "test") }
        }
    }

    @Test(arguments: 0..<2)
    func `a worker that ends in the middle of a flush loses nothing and repeats nothing`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let records = FrameScript(seed: seed &+ 90, count: 300, keepsTimes: true).records
        let place = try Place(partitions: 2)
        let script = try place.script(seed: seed)
        for (life, start) in stride(from: 0, to: records.count, by: 100).enumerated() {
            try script.send(records[start..<min(start + 100, records.count)])
            let fuse = Fuse(Int.random(in: 1...25, using: &random))
            let settings = try WorkerSettings(
                // Members of a new group need not wait for those of an old one.
                place.configuration("w\(life)", group: "g\(life)", flushRows: Int.random(in: 1...60, using: &random)),
                reached: { _ throws(LakeError) in try fuse.burn() })
            let worker = try Worker(settings)
            worker.start()
            #expect(eventually { worker.loop.state.partitions.count == place.partitions })
            Pause.wait(ns: Int64.random(in: 0..<400_000_000, using: &random))
            worker.stop()
        }
        let worker = try Worker(place.configuration("last"))
        worker.start()
        wait([worker], partitions: place.partitions)
        worker.stop()
        try expectSame(place, records)
    }
}
