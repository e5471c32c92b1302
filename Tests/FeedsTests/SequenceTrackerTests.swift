import TestKit
import Testing

@testable import Feeds

private let second: Int64 = 1_000_000_000

@Suite struct SequenceTrackerTests {
    private func tracker(_ numbers: [Int64], instrument: Int = 0) -> SequenceTracker {
        var tracker = SequenceTracker()
        for number in numbers { tracker.take(instrument, number: number, timeNs: number &* 10, nowNs: 0) }
        return tracker
    }

    @Test func `numbers that follow each other have no gap, wherever they start`() {
        var tracker = tracker(Array(5000...5100))
        #expect(tracker.due(nowNs: 100 * second).isEmpty && tracker.holes == 0)
    }

    @Test func `a gap is told once, after a while, with the time of the trade before it`() {
        var tracker = tracker([7, 8, 12])
        #expect(tracker.due(nowNs: 2 * second - 1).isEmpty)
        #expect(tracker.due(nowNs: 2 * second) == [.init(instrument: 0, first: 9, last: 11, afterNs: 80)])
        #expect(tracker.due(nowNs: 3 * second).isEmpty)
    }

    @Test func `what comes late closes its part of the gap`() {
        var tracker = tracker([1, 10, 5, 2, 9, 10, 5, 0, -3])
        #expect(
            tracker.due(nowNs: 2 * second) == [
                .init(instrument: 0, first: 3, last: 4, afterNs: 10),
                .init(instrument: 0, first: 6, last: 8, afterNs: 10),
            ])
        #expect(tracker.holes == 0)
    }

    @Test func `instruments have numbers of their own`() {
        var tracker = tracker([1, 2])
        tracker.take(3, number: 100, timeNs: 0, nowNs: second)
        tracker.take(3, number: 102, timeNs: 0, nowNs: second)
        tracker.take(0, number: 3, timeNs: 0, nowNs: second)
        #expect(tracker.due(nowNs: 3 * second) == [.init(instrument: 3, first: 101, last: 101, afterNs: 0)])
    }

    @Test func `the number of gaps is bounded, and no missing trade is forgotten`() {
        var tracker = tracker((0...1000).map { $0 * 3 })
        let due = tracker.due(nowNs: 2 * second)
        #expect(due.count == 256 && due[0].first == 1 && due[255].last == 2999)
        for (before, after) in zip(due, due.dropFirst()) { #expect(before.last + 2 == after.first) }
    }

    @Test func `numbers at the end of the range do no harm`() {
        var tracker = tracker([.max, .min, .max, 0])
        #expect(tracker.due(nowNs: 2 * second).isEmpty)
        var wide = self.tracker([.min + 1, .max])
        let gap = SequenceTracker.Gap(instrument: 0, first: .min + 2, last: .max - 1, afterNs: 10)
        #expect(wide.due(nowNs: 2 * second) == [gap])
    }

    /// Against a set of all numbers.
    @Test(arguments: 0..<200 as Range<UInt64>)
    func `gaps are exactly the numbers that did not come`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var numbers = Array(Int64(1000)..<1200).filter { _ in Int.random(in: 0..<10, using: &random) != 0 }
        for index in numbers.indices.dropLast(6) where Int.random(in: 0..<8, using: &random) == 0 {
            numbers.swapAt(index, index + Int.random(in: 1...5, using: &random))
        }
        var tracker = SequenceTracker()
        for number in numbers { tracker.take(1, number: number, timeNs: 0, nowNs: 0) }
        let missing = Set(numbers.first!...numbers.max()!).subtracting(numbers)
        let told = tracker.due(nowNs: 2 * second).flatMap { Array($0.first...$0.last) }
        #expect(told.count == missing.count && Set(told) == missing)
    }
}
