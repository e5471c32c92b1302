import Feeds
import Foundation
import Journaling
import Kafka
import Lake
import Market
import Platform
import Serving
import TestKit
import Testing

@testable import Orchestration

/// Workers that share the partitions of a topic store what one process stores.
@Suite(.serialized) struct WorkerTests {
    private static let topic = "tapedeck.journal"

    /// The rows that one process makes of a script.
    private func expected(_ records: [ScriptedRecord]) throws -> LakeContents {
        let folder = TemporaryFolder()
        try Pipeline.play(records, configuration(folder.path))
        return try LakeContents(folder.path + "/lake").withoutOffsets
    }

    private func wait(_ worker: Worker, partitions: Int) {
        #expect(
            eventually(seconds: 60) {
                let status = worker.status
                return status.partitions.count == partitions && status.lagMessages == 0
                    && status.partitions.allSatisfy { $0.pipeline.engine.lagFrames == 0 }
            }, "\(worker.status.failure ?? "behind")")
    }

    @Test(arguments: 0..<4)
    func `a worker with all partitions stores what one process stores`(seed: UInt64) throws {
        let records = FrameScript(seed: seed &+ 40, count: 400).records
        let partitions = [1, 3, 5, 12][Int(seed) % 4]
        let cluster = try KafkaMockCluster()
        try cluster.createTopic(Self.topic, partitions: partitions)
        let folder = TemporaryFolder()
        let settings = try workerConfiguration(
            folder.path, "one", brokers: cluster.brokers, topic: Self.topic, partitions: partitions)
        try TopicScript.send(records, to: cluster, Self.topic, partitions: partitions, settings, seed: seed)
        let worker = try Worker(settings)
        worker.start()
        wait(worker, partitions: partitions)
        worker.stop()
        let found = try LakeContents(folder.path + "/lake").withoutOffsets
        #expect(found.differences(from: try expected(records)) == [])
    }
}
