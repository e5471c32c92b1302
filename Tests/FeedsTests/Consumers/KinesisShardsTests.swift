import Market
import Networking
import TestKit
import Testing

@testable import Feeds

@Suite struct KinesisShardsTests {
    private let ms: Int64 = 1_000_000
    private func shards(
        _ start: KinesisClient.Start = .earliest, known: [String: Int64] = [:],
        _ change: (inout KinesisShards.Policy) -> Void = { _ in }
    ) -> KinesisShards {
        var policy = KinesisShards.Policy()
        change(&policy)
        return KinesisShards(policy, start: start) { known[$0].map { StreamNumber($0) } }
    }
    private func shard(_ id: String, _ parents: String...) -> KinesisShard { KinesisShard(id: id, parents: parents) }

    /// Takes what is to be done until there is nothing.
    private func steps(_ shards: inout KinesisShards, nowNs: Int64) -> [String] {
        var ids: [String] = []
        while true {
            switch shards.next(nowNs: nowNs) {
            case .list: ids.append("list")
            case .read(let id, _, _): ids.append(id)
            case .wait: return ids
            }
        }
    }

    @Test func `each shard is read by one at a time, from where it was left`() {
        var shards = shards(.at(ns: 5), known: ["a": 17])
        #expect(shards.next(nowNs: 0) == .list)
        #expect(shards.next(nowNs: 0) == .wait(untilNs: .max))
        #expect(shards.listed([shard("a"), shard("b")], nowNs: 0).isEmpty)
        #expect(shards.next(nowNs: 0) == .read(shard: "a", iterator: nil, .after(StreamNumber(17))))
        #expect(shards.next(nowNs: 0) == .read(shard: "b", iterator: nil, .at(ns: 5)))
        #expect(shards.next(nowNs: 0) == .wait(untilNs: 60_000 * ms))
        shards.took("b", StreamNumber(3))
        shards.read("b", next: "i", bytes: 0, behindMs: 70, nowNs: ms)
        #expect(shards.next(nowNs: ms) == .wait(untilNs: 251 * ms))
        #expect(shards.next(nowNs: 251 * ms) == .read(shard: "b", iterator: "i", .after(StreamNumber(3))))
        #expect(shards.summary == (open: 2, behindMs: 70))
    }

    @Test func `a shard that gave much is left alone for longer`() {
        var shards = shards()
        _ = shards.next(nowNs: 0)
        _ = shards.listed([shard("a")], nowNs: 0)
        _ = shards.next(nowNs: 0)
        shards.read("a", next: "i", bytes: 10_000_000, behindMs: 0, nowNs: 0)
        #expect(shards.next(nowNs: 0) == .wait(untilNs: 5000 * ms))
    }

    @Test func `children wait for the end of all their parents, and their list for nothing`() {
        var shards = shards()
        #expect(steps(&shards, nowNs: 0) == ["list"])
        _ = shards.listed([shard("c", "a", "b"), shard("a"), shard("b"), shard("d", "gone")], nowNs: 0)
        #expect(steps(&shards, nowNs: 0) == ["a", "b", "d"])
        shards.read("a", next: nil, bytes: 0, behindMs: 0, nowNs: 0)
        #expect(steps(&shards, nowNs: 0) == ["list"])
        // The list that is on its way may be older than the end of this one.
        shards.read("b", next: nil, bytes: 0, behindMs: 0, nowNs: 0)
        #expect(steps(&shards, nowNs: 0) == ["c"])
        _ = shards.listed([shard("c", "a", "b"), shard("a"), shard("b"), shard("d", "gone")], nowNs: 0)
        #expect(steps(&shards, nowNs: 0) == ["list"])
        _ = shards.listed([shard("c", "a", "b"), shard("e", "b")], nowNs: 0)
        #expect(steps(&shards, nowNs: 0) == ["e"])
    }

    @Test func `a shard that is listed no more is given up, and lets its children go on`() {
        var shards = shards()
        _ = shards.next(nowNs: 0)
        _ = shards.listed([shard("a"), shard("c", "a")], nowNs: 0)
        #expect(steps(&shards, nowNs: 0) == ["a"])
        _ = shards.readFailed("a", nowNs: 0) { _ in 90_000 * ms }
        #expect(steps(&shards, nowNs: 60_000 * ms) == ["list"])
        #expect(shards.listed([shard("c", "a")], nowNs: 60_000 * ms) == ["a"])
        #expect(steps(&shards, nowNs: 100_000 * ms) == ["c"])
    }

    @Test func `old iterators are made anew, behind the last record`() {
        var shards = shards()
        _ = shards.next(nowNs: 0)
        _ = shards.listed([shard("a")], nowNs: 0)
        _ = shards.next(nowNs: 0)
        shards.took("a", StreamNumber(9))
        shards.read("a", next: "i", bytes: 0, behindMs: 0, nowNs: 0)
        _ = shards.next(nowNs: 500 * ms)
        shards.expired("a", nowNs: 500 * ms)
        let anew = KinesisShards.Step.read(shard: "a", iterator: nil, .after(StreamNumber(9)))
        #expect(shards.next(nowNs: 800 * ms) == anew)
        shards.read("a", next: "j", bytes: 0, behindMs: 0, nowNs: 800 * ms)
        #expect(shards.next(nowNs: 1100 * ms) == .read(shard: "a", iterator: "j", .after(StreamNumber(9))))
        _ = shards.readFailed("a", nowNs: 1100 * ms) { _ in 300_000 * ms }
        #expect(steps(&shards, nowNs: 60_000 * ms) == ["list"])
        _ = shards.listed([shard("a")], nowNs: 300_000 * ms)
        #expect(shards.next(nowNs: 302_000 * ms) == anew)
    }

    @Test func `where the service does not know the last record the shard is read from its earliest`() {
        var shards = shards(known: ["a": 9])
        _ = shards.next(nowNs: 0)
        _ = shards.listed([shard("a")], nowNs: 0)
        _ = shards.next(nowNs: 0)
        shards.lost("a", nowNs: 0)
        #expect(shards.next(nowNs: 300 * ms) == .read(shard: "a", iterator: nil, .earliest))
        #expect(shards.last("a") == StreamNumber(9))
        shards.took("a", StreamNumber(12))
        shards.expired("a", nowNs: 300 * ms)
        #expect(shards.next(nowNs: 600 * ms) == .read(shard: "a", iterator: nil, .after(StreamNumber(12))))
    }

    @Test(arguments: 0..<100 as Range<UInt64>)
    func `whatever fails, every record is taken once, and parents before children`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var stream = ModelStream(&random)
        var known: [String: Int64] = [:]
        var taken: [Int64] = []
        var nowNs: Int64 = 0
        for run in 0..<3 {
            var shards = shards(known: known) { $0.retry = Reconnect.Policy(firstNs: 1, maxNs: 10) }
            // The program ends somewhere in the first two runs.
            var steps = run < 2 ? Int.random(in: 0...40, using: &random) : 2000
            while steps > 0 {
                steps -= 1
                if Int.random(in: 0...15, using: &random) == 0 { stream.reshard(&random) }
                switch shards.next(nowNs: nowNs) {
                case .wait(let untilNs): nowNs = max(nowNs + 1, min(untilNs, nowNs + 1000 * ms))
                case .list:
                    if Int.random(in: 0...4, using: &random) == 0 {
                        _ = shards.listFailed(nowNs: nowNs) { $0.nextNs() }
                    } else {
                        _ = shards.listed(stream.list, nowNs: nowNs)
                    }
                case .read(let id, _, let start):
                    switch Int.random(in: 0...9, using: &random) {
                    case 0: _ = shards.readFailed(id, nowNs: nowNs) { $0.nextNs() }
                    case 1: shards.expired(id, nowNs: nowNs)
                    default:
                        let after: Int64 = if case .after(let number) = start { number.int64! } else { -1 }
                        let (records, isEnd) = stream.read(id, after: after, &random)
                        for record in records {
                            taken.append(record)
                            known[id] = record
                            shards.took(id, StreamNumber(record))
                        }
                        shards.read(id, next: isEnd ? nil : "i", bytes: 0, behindMs: 0, nowNs: nowNs)
                    }
                }
            }
        }
        #expect(taken.sorted() == stream.all, "seed \(seed)")
        for (id, records) in stream.records {
            for parent in stream.parents[id] ?? [] {
                guard let first = records.first, let last = stream.records[parent]?.last else { continue }
                let (end, start) = (taken.firstIndex(of: last), taken.firstIndex(of: first))
                #expect(end.flatMap { end in start.map { end < $0 } } == true, "seed \(seed)")
            }
        }
    }
}

/// A stream whose shards are split and merged; what it holds is fixed as soon as a shard is made.
private struct ModelStream {
    private(set) var records: [String: [Int64]] = [:]
    private(set) var parents: [String: [String]] = [:]
    private var open: [String] = []
    private var order: [String] = []
    private var next: Int64 = 0

    init(_ random: inout SeededGenerator) {
        for _ in 0..<3 { add([], &random) }
    }

    var list: [KinesisShard] { order.map { KinesisShard(id: $0, parents: parents[$0] ?? []) } }
    var all: [Int64] { records.values.flatMap { $0 }.sorted() }

    private mutating func add(_ parents: [String], _ random: inout SeededGenerator) {
        let id = "s\(order.count)"
        let count = Int64.random(in: 0...5, using: &random)
        records[id] = Array(next..<next + count)
        next += count
        self.parents[id] = parents
        open.append(id)
        order.append(id)
    }

    mutating func reshard(_ random: inout SeededGenerator) {
        guard order.count < 20 else { return }
        if open.count > 1, Bool.random(using: &random) {
            let pair = [open.removeFirst(), open.removeFirst()]
            add(pair, &random)
        } else {
            let parent = open.removeFirst()
            add([parent], &random)
            add([parent], &random)
        }
    }

    func read(_ id: String, after: Int64, _ random: inout SeededGenerator) -> (records: [Int64], isEnd: Bool) {
        let rest = (records[id] ?? []).filter { $0 > after }
        let some = Array(rest.prefix(Int.random(in: 0...3, using: &random)))
        return (some, some.count == rest.count && !open.contains(id))
    }
}
