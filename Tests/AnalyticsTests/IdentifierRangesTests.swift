import TestKit
import Testing

@testable import Analytics

struct IdentifierRangesTests {
    @Test func `contiguous numbers cost one range`() {
        var set = IdentifierRanges()
        for number in Int64(100)...5000 { #expect(set.insert(number) == .inserted) }
        #expect(set.ranges == [.init(first: 100, last: 5000)])
        #expect(set.holes == 0 && set.missing == 0 && set.seen == 4901)
        #expect(set.insert(100) == .duplicate && set.insert(5000) == .duplicate && set.insert(2000) == .duplicate)
    }

    @Test func `a hole opens with a jump, splits, shrinks, and is filled`() {
        var set = IdentifierRanges()
        for number: Int64 in [1, 2, 10] { _ = set.insert(number) }
        #expect(set.holes == 1 && set.missing == 7 && set.holesOpened == 1)
        _ = set.insert(5)
        #expect(set.holes == 2 && set.missing == 6 && set.holesOpened == 2)
        for number: Int64 in [3, 4] { _ = set.insert(number) }
        #expect(set.holes == 1 && set.missing == 4 && set.holesFilled == 1)
        for number: Int64 in [9, 6, 8, 7] { _ = set.insert(number) }
        #expect(set.ranges == [.init(first: 1, last: 10)])
        #expect(set.holes == 0 && set.missing == 0 && set.holesFilled == set.holesOpened)
    }

    @Test func `numbers at both ends of the integers are kept apart`() {
        var set = IdentifierRanges()
        for number: Int64 in [.max, .min + 1, 0, .max - 1] { #expect(set.insert(number) == .inserted) }
        #expect(set.insert(.max) == .duplicate && set.insert(.min + 1) == .duplicate)
        #expect(set.ranges.count == 3 && set.next == nil)
        #expect(set.missing == UInt64.max - 4)
    }

    @Test func `beyond the limit the oldest holes are given up for good`() {
        var set = IdentifierRanges()
        for number in 0..<100 { _ = set.insert(Int64(number * 10), limit: 16) }
        #expect(set.ranges.count <= 16)
        #expect(set.holesGivenUp + UInt64(set.holes) == 99)
        #expect(set.missing + set.missingGivenUp == 99 * 9)
        #expect(set.insert(5, limit: 16) == .duplicate)
        #expect(set.insert(985, limit: 16) == .inserted)
        #expect(set.ranges.first?.first == 0)
    }

    @Test(arguments: UInt64(0)..<100)
    func `a random walk agrees with a set of all numbers`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var set = IdentifierRanges()
        var model = Set<Int64>()
        var next: Int64 = 0
        for _ in 0..<400 {
            next += Int64.random(in: 0...3, using: &random)
            let number = next - Int64.random(in: 0...20, using: &random)
            #expect((set.insert(number) == .inserted) == model.insert(number).inserted)
        }
        let sorted = model.sorted()
        let holes = zip(sorted, sorted.dropFirst()).filter { $1 - $0 > 1 }
        #expect(set.holes == holes.count)
        #expect(set.holesOpened - set.holesFilled == UInt64(holes.count))
        #expect(set.missing == UInt64(holes.reduce(0) { $0 + $1.1 - $1.0 - 1 }))
        #expect(set.seen == UInt64(model.count))
    }
}
