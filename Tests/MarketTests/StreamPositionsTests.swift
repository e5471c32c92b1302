import Market
import TestKit
import Testing

@Suite struct StreamPositionsTests {
    private func number(_ text: String) -> StreamNumber? { StreamNumber(digits: Array(text.utf8)) }

    @Test(arguments: 0..<50 as Range<UInt64>)
    func `numbers are in the order of their digits and keep their text`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let texts = (0..<40).map { _ in
            let digits = (0..<Int.random(in: 0...132, using: &random)).map { _ in
                Character("\(Int.random(in: 0...9, using: &random))")
            }
            return "\(Int.random(in: 1...9, using: &random))" + String(digits)
        }
        for (left, right) in zip(texts, texts.dropFirst()) {
            let isLess = left.count != right.count ? left.count < right.count : left < right
            let (small, large) = (try #require(number(left)), try #require(number(right)))
            #expect((small < large) == isLess && (small == large) == (left == right))
            #expect(small.description == left && number("000" + left.prefix(130))?.description == "\(left.prefix(130))")
        }
    }

    @Test func `only decimal digits are a number`() {
        #expect(number("") == nil && number("12a") == nil && number("-1") == nil && number(" 1") == nil)
        #expect(number(String(repeating: "9", count: 133)) != nil && number(String(repeating: "9", count: 134)) == nil)
        #expect(number("0")?.description == "0" && number("0")?.int64 == 0)
        #expect(number("9223372036854775807")?.int64 == .max && number("9223372036854775808")?.int64 == nil)
        #expect(number("20000000000000000000")?.int64 == nil && StreamNumber(.max) == number("9223372036854775807"))
    }

    @Test func `positions of a log only rise, whatever other logs do, and holes are no matter`() {
        var positions = StreamPositions()
        func advance(_ log: String, _ number: Int64) -> Bool {
            Array(log.utf8).withUnsafeBytes {
                positions.advance(to: StreamPosition(log: $0, number: StreamNumber(number)))
            }
        }
        #expect(advance("a/0", 5) && advance("a/0", 9) && advance("a/1", 0) && advance("a/0", 10))
        #expect(!advance("a/0", 10) && !advance("a/0", 7) && !advance("a/1", 0) && advance("a/1", 1))
        #expect(positions["a/0"] == StreamNumber(10) && positions["a/1"] == StreamNumber(1) && positions["a/"] == nil)
        #expect(positions.all.map { String(decoding: $0.log, as: UTF8.self) } == ["a/0", "a/1"])
    }
}
