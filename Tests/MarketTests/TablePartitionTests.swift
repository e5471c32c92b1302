import Platform
import Testing

@testable import Market

@Suite struct TablePartitionTests {
    private static let nsPerDay: Int64 = 86_400_000_000_000

    @Test func `every moment lies in the span of its partition, and spans touch`() {
        var random = SystemRandomNumberGenerator()
        for partition in TablePartition.allCases {
            for _ in 0..<2000 {
                let time = Int64.random(in: .min ... .max, using: &random)
                let day = partition.firstDay(ofNs: time)
                let span = partition.spanNs(firstDay: day)
                #expect(span.contains(time), "\(partition) \(time)")
                guard span.upperBound < .max, span.lowerBound > .min else { continue }
                #expect(partition.firstDay(ofNs: span.upperBound - 1) == day)
                #expect(
                    partition.spanNs(firstDay: partition.firstDay(ofNs: span.upperBound)).lowerBound == span.upperBound)
            }
        }
    }

    @Test(arguments: [
        ("1969-12-31T23:59:59Z", "1969-12-31", "1969-12-01"), ("2024-02-29T00:00:00Z", "2024-02-29", "2024-02-01"),
        ("2026-01-31T23:59:59.999999999Z", "2026-01-31", "2026-01-01"),
    ])
    func `a partition is named by its first day`(time: String, date: String, month: String) throws {
        let ns = try #require(Timestamp(rfc3339: time)).nanoseconds
        #expect("\(TablePartition.date.firstDay(ofNs: ns))" == date)
        #expect("\(TablePartition.month.firstDay(ofNs: ns))" == month)
    }
}
