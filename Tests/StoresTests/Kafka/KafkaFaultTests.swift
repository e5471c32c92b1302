import Delivery
import Kafka
import Market
import Platform
import Synchronization
import TestKit
import Testing

@testable import Stores

/// What brokers say and do in the way of a delivery.
@Suite struct KafkaFaultTests {
    /// Delivers units until all are taken, as a sink does: after an error the target is opened anew, and says how far it is.
    ///
    /// - Returns: the kinds of the errors.
    private func deliver(
        _ units: Int, to target: KafkaTarget, rows: SampleRows, size: Int = 200, before: (Int) -> Void = { _ in }
    ) throws -> [DeliveryError.Kind] {
        var kinds: [DeliveryError.Kind] = []
        var isOpen = false
        var done = -1
        let watch = Stopwatch()
        while done < units * size / rows.perOffset - 1 {
            try #require(watch.seconds < 6 * Patience.seconds, "\(kinds)")
            do {
                if !isOpen { try target.open([Tables.trades]) }
                isOpen = true
                done = Int(try target.committedOffset(Tables.trades))
                let first = (done + 1) * rows.perOffset
                before(first / size)
                _ = try target.deliver(try rows.unit(first..<min(units * size, first + size)))
                done = Int(try target.committedOffset(Tables.trades))
            } catch let error as DeliveryError {
                kinds.append(error.kind)
                isOpen = error.kind == .row
            }
        }
        return kinds
    }

    /// Each row is there, in the order of each key, for those who drop what they have seen.
    private func expectWhole(_ cluster: SinkCluster, _ count: Int) throws {
        let found = try cluster.rows()
        var seen: Set<String> = []
        let kept = found.filter { seen.insert($0.header).inserted }
        #expect(kept.count == count)
        for (_, messages) in Dictionary(grouping: kept, by: \.key) {
            let places = messages.map { $0.header.split(separator: "/")[2...3].map { Int($0) ?? -1 } }
            #expect(places == places.sorted { ($0[0], $0[1]) < ($1[0], $1[1]) })
        }
        // One value for each place.
        #expect(Set(found.map { $0.header + $0.value }).count == count)
    }

    /// Numbers of the protocol: 3 no such topic, 5 no leader, 6 not the leader, 7 timed out, 14 loading, 15 no coordinator, 16 not
    /// the coordinator, 19 and 20 too few copies, 51 a transaction is ending.
    @Test func `errors that pass are got over`() throws {
        let cluster = try SinkCluster()
        let target = try cluster.target()
        cluster.cluster.fail(.initProducerId, codes: [15, 14, 51])
        let kinds = try deliver(6, to: target, rows: try SampleRows()) { unit in
            switch unit {
            case 1: cluster.cluster.fail(.produce, codes: [6, 7, 5])
            case 2: cluster.cluster.fail(.addPartitionsToTxn, codes: [15, 16, 51, 3])
            case 3: cluster.cluster.fail(.endTxn, codes: [15, 14, 16])
            case 4: cluster.cluster.fail(.produce, codes: [19, 20])
            default: break
            }
        }
        #expect(kinds.isEmpty)
        try expectWhole(cluster, 1200)
        #expect(try cluster.offsets().count == 6)
    }

    /// 47 an older epoch, 90 fenced.
    @Test func `who is fenced is in conflict, and goes on where the other one stopped`() throws {
        let cluster = try SinkCluster()
        let target = try cluster.target()
        var left = 1
        let kinds = try deliver(3, to: target, rows: try SampleRows()) { unit in
            guard unit == 1, left > 0 else { return }
            left -= 1
            cluster.cluster.fail(.endTxn, codes: [47])
        }
        #expect(kinds == [.conflict])
        try expectWhole(cluster, 600)
    }

    @Test func `a connection that ends with the question or the answer of a commit loses nothing`() throws {
        let cluster = try SinkCluster()
        let target = try cluster.target()
        _ = try deliver(6, to: target, rows: try SampleRows()) { unit in
            // librdkafka's own number: the mock cuts the connection.
            if unit == 1 { cluster.cluster.fail(.endTxn, codes: [-195, -195]) }
            if unit == 2 { cluster.cluster.fail(.produce, codes: [-195]) }
            if unit == 3 { cluster.cluster.fail(.addPartitionsToTxn, codes: [-195]) }
            if unit == 4 { cluster.cluster.delay(.endTxn, milliseconds: 1500) }
        }
        try expectWhole(cluster, 1200)
    }

    /// 29: no right to the topic.
    @Test func `what must be aborted is aborted, and tried again`() throws {
        let cluster = try SinkCluster()
        let target = try cluster.target()
        var left = 1
        let kinds = try deliver(3, to: target, rows: try SampleRows()) { unit in
            guard unit == 1, left > 0 else { return }
            left -= 1
            cluster.cluster.fail(.produce, codes: [29])
        }
        #expect(kinds == [.setup])
        try expectWhole(cluster, 600)
    }

    /// 10: larger than the topic takes, which only the broker knows.
    @Test func `what the broker refuses is a row's fault, and the target stays where it is`() throws {
        let cluster = try SinkCluster()
        let target = try cluster.target()
        let rows = try SampleRows()
        try target.open([Tables.trades])
        _ = try target.deliver(try rows.unit(0..<100))
        cluster.cluster.fail(.produce, codes: [10, 10, 10])
        let error = #expect(throws: DeliveryError.self) { _ = try target.deliver(try rows.unit(100..<200)) }
        #expect(error?.kind == .row && error?.message.contains("too large") == true, "\(String(describing: error))")
        cluster.cluster.clearFailures(.produce)
        #expect(try target.committedOffset(Tables.trades) == 49)
        _ = try target.deliver(try rows.unit(100..<200))
        try expectWhole(cluster, 200)
    }

    @Test func `brokers and leaders go and come`() throws {
        let cluster = try SinkCluster(brokers: 3, partitions: 3)
        let target = try cluster.target(["settings=socket.timeout.ms=3000,transaction.timeout.ms=15000"])
        let thread = Mover(cluster.cluster)
        let kinds = try deliver(20, to: target, rows: try SampleRows(), size: 2000)
        thread.stop()
        #expect(thread.moves > 0)
        #expect(kinds.allSatisfy { $0 == .unavailable }, "\(kinds)")
        try expectWhole(cluster, 40_000)
    }

    /// Moves leaders and coordinator from broker to broker, and takes one broker away at a time.
    private final class Mover: @unchecked Sendable {  // the count is read after the thread has ended
        private let isStopped = Atomic(false)
        private(set) var moves = 0
        private var thread: NamedThread?

        init(_ cluster: KafkaMockCluster) {
            thread = NamedThread("mover") { [self] in
                var random = SeededGenerator(seed: 7)
                while !isStopped.load(ordering: .acquiring) {
                    let partition = Int32.random(in: 0..<3, using: &random)
                    cluster.setLeader(
                        of: TopicPartition("tapedeck.trades", partition), broker: Int.random(in: 1...3, using: &random))
                    let broker = Int.random(in: 1...3, using: &random)
                    if Bool.random(using: &random) {
                        cluster.setDown(broker: broker, true)
                        Pause.wait(ns: 300_000_000)
                        cluster.setDown(broker: broker, false)
                    } else {
                        cluster.setCoordinator(ofTransactions: "tapedeck.p", broker: broker)
                    }
                    moves += 1
                    Pause.wait(ns: 200_000_000)
                }
            }
        }

        func stop() {
            isStopped.store(true, ordering: .releasing)
            thread?.join()
        }
    }

    @Test func `brokers that go during a commit are told, long before the time of the transaction is over`() throws {
        let cluster = try SinkCluster()
        let target = try cluster.target()
        let rows = try SampleRows()
        try target.open([Tables.trades])
        _ = try target.deliver(try rows.unit(0..<100))
        // The answer takes longer than the broker lives.
        cluster.cluster.delay(.endTxn, milliseconds: 60_000)
        let thread = NamedThread("brokers") {
            Pause.wait(ns: 1_000_000_000)
            cluster.cluster.setDown(true)
        }
        let watch = Stopwatch()
        let error = #expect(throws: DeliveryError.self) { _ = try target.deliver(try rows.unit(100..<200)) }
        thread.join()
        #expect(
            error?.kind == .unavailable && error?.message.contains("127.0.0.1") == true, "\(String(describing: error))")
        // Without a look at the brokers it would be the 60 s that a transaction may take.
        #expect(watch.seconds < 45)
        cluster.cluster.setDown(false)
        #expect(try deliver(1, to: target, rows: rows).allSatisfy { $0 == .unavailable })
        try expectWhole(cluster, 200)
    }

    @Test func `brokers that are down are told, without what is secret`() throws {
        let cluster = try SinkCluster()
        cluster.cluster.setDown(true)
        let target = try cluster.target(["mechanism=PLAIN", "username=me", "password=sesame"])
        let error = #expect(throws: DeliveryError.self) { try target.open([Tables.trades]) }
        #expect(
            error?.kind == .unavailable && error?.message.contains("127.0.0.1") == true, "\(String(describing: error))")
        #expect(error?.message.contains("sesame") == false)
    }
}
