import TestKit
import Testing

@testable import Networking

@Suite struct LatencyHistogramTests {
    @Test(arguments: 0..<20 as Range<UInt64>)
    func `quantiles are those of the sorted spans, to a step of 1,6 %`(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var histogram = LatencyHistogram()
        let spans = (0..<1001).map { _ in
            Int64.random(in: 0...(1 << Int64.random(in: 0...40, using: &random)), using: &random)
        }
        for span in spans { histogram.record(ns: span) }
        let sorted = spans.sorted()
        for (share, index) in [(0.5, 500), (0.99, 990), (1.0, 1000)] {
            let quantile = histogram.quantileNs(share)
            #expect(quantile >= sorted[index])
            #expect(Double(quantile) <= Double(sorted[index]) * 1.0157 + 1)
        }
        #expect(histogram.count == 1001 && histogram.maxNs == sorted[1000])
    }

    @Test func `nothing recorded gives zero, and a clock that stepped back counts as none`() {
        var histogram = LatencyHistogram()
        #expect(histogram.quantileNs(0.5) == 0)
        histogram.record(ns: -5)
        #expect(histogram.quantileNs(0.99) == 0 && histogram.count == 1)
    }
}
