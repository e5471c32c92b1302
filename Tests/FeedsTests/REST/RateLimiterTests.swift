import TestKit
import Testing

@testable import Feeds

@Suite struct RateLimiterTests {
    @Test func `limits are read as they are written`() {
        #expect(RateLimit("60/m") == RateLimit(count: 60, spanNs: 60_000_000_000))
        #expect(RateLimit("5/12s") == RateLimit(count: 5, spanNs: 12_000_000_000))
        #expect(RateLimit("30/s")?.description == "30/1s")
        for text in ["", "60", "0/m", "-1/m", "60/", "60/x", "60/0s", "1/2/3", "999999999/d"] {
            #expect(RateLimit(text) == nil, "\(text)")
        }
    }

    /// Whoever obeys the limiter, with any delays on the way, is never seen above the limit.
    @Test(arguments: 0..<200)
    func `no span at the server sees more calls than the limit allows`(_ seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        let limit = RateLimit(
            count: .random(in: 1...20, using: &random), spanNs: .random(in: 1...1000, using: &random) * 1_000_000)
        var limiter = RateLimiter(limit)
        var nowNs: Int64 = 0
        var arrivedNs: [Int64] = []
        for _ in 0..<200 {
            nowNs = max(nowNs, limiter.readyNs)
            let wayNs = Int64.random(in: 0...limit.spanNs, using: &random)
            arrivedNs.append(nowNs + Int64.random(in: 0...wayNs, using: &random))
            nowNs += wayNs
            limiter.note(atNs: nowNs)
            if Bool.random(using: &random) { nowNs += .random(in: 0...limit.spanNs, using: &random) }
        }
        for first in arrivedNs.indices where first + limit.count < arrivedNs.count {
            #expect(arrivedNs[first + limit.count] - arrivedNs[first] >= limit.spanNs)
        }
    }

    @Test func `a limiter lets as many through as the limit allows`() {
        var limiter = RateLimiter(RateLimit(count: 3, spanNs: 100))
        for nowNs in [10, 20, 30] as [Int64] {
            #expect(limiter.readyNs <= nowNs)
            limiter.note(atNs: nowNs)
        }
        #expect(limiter.readyNs == 110)
    }
}
