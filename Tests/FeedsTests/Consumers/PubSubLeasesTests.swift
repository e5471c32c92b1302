import Testing

@testable import Feeds

@Suite struct PubSubLeasesTests {
    private let second: Int64 = 1_000_000_000

    @Test func `what is durable may be acknowledged, in parts, and nothing else`() {
        var leases = PubSubLeases(PubSubLeases.Policy())
        for number in 1...5 { leases.add("a\(number)", place: Int64(number), nowNs: 0) }
        #expect(leases.takeDurable(0, most: 10).isEmpty)
        #expect(leases.takeDurable(3, most: 2) == ["a1", "a2"])
        #expect(leases.takeDurable(3, most: 10) == ["a3"])
        #expect(leases.takeDurable(3, most: 10).isEmpty && leases.count == 2)
    }

    @Test func `deadlines are extended before their end, and what is over is let go`() {
        var leases = PubSubLeases(PubSubLeases.Policy())
        leases.add("early", place: 1, nowNs: 0)
        leases.add("late", place: 2, nowNs: 3 * second)
        #expect(leases.due(nowNs: 4 * second, most: 10).isEmpty)
        #expect(leases.due(nowNs: 5 * second, most: 10) == ["early"])
        leases.extended(["early"], nowNs: 5 * second)
        #expect(leases.due(nowNs: 8 * second, most: 10) == ["late"])
        #expect(leases.due(nowNs: 13 * second, most: 10).isEmpty && leases.count == 1)
        #expect(leases.due(nowNs: 60 * second, most: 10) == ["early"])
    }

    @Test func `what could not be acknowledged is tried again until its time is over, and not extended`() {
        var leases = PubSubLeases(PubSubLeases.Policy())
        leases.putBack(["a"], untilNs: 10 * second, nowNs: second)
        leases.putBack(["b"], untilNs: second, nowNs: second)
        #expect(leases.count == 1 && leases.due(nowNs: 9 * second, most: 10).isEmpty)
        #expect(leases.takeDurable(0, most: 10) == ["a"])
        leases.putBack(["a"], untilNs: 10 * second, nowNs: second)
        #expect(leases.due(nowNs: 10 * second, most: 10).isEmpty && leases.count == 0)
    }

    @Test func `it is full at its limit, and gives up all that is left`() {
        var policy = PubSubLeases.Policy()
        policy.countMax = 3
        var leases = PubSubLeases(policy)
        for number in 1...3 {
            #expect(!leases.isFull)
            leases.add("\(number)", place: 9, nowNs: 0)
        }
        #expect(leases.isFull)
        #expect(leases.takeAll(most: 2) == ["1", "2"] && leases.takeAll(most: 2) == ["3"] && !leases.isFull)
    }
}
