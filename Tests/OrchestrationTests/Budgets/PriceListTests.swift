import Platform
import Testing

@testable import Orchestration

struct PriceListTests {
    private func cost(_ service: String, _ change: (inout MonthUsage) -> Void) throws -> Double {
        var month = MonthUsage()
        change(&month)
        return try #require(PriceList.standard.services[service]).dollars(month)
    }

    @Test func `published prices give what the services' own examples come to`() throws {
        // 10 GiB are free, a TiB behind them is 40 dollars.
        #expect(try cost("pubsub") { $0.usage.units = 1 << 40 + 10 << 30 } == 40)
        #expect(try cost("pubsub") { $0.usage.units = 10 << 30 } == 0)
        // 100 records of 35 kB a second are 200 units a second: 518.4 million in 30 days.
        #expect(abs(try cost("kinesis") { $0.usage.units = 518_400_000 } - 7.2576) < 1e-9)
        // A million objects of a mebibyte, kept for half a month.
        let objects = try cost("s3") {
            $0.usage.requests = 1_000_000
            $0.keptMonths = Double(1 << 20) * 1e6 / 2
        }
        #expect(abs(objects - (5 + 976.5625 / 2 * 0.023)) < 1e-9)
        #expect(abs(try cost("bigquery-stream") { $0.usage.units = 200 << 20 } - 0.01) < 1e-12)
        #expect(try cost("bigquery-load") { $0.usage.bytes = 1 << 50 } == 0)
    }

    @Test(arguments: [
        ("price units 1 per 1", 1, "starts with `service NAME`"),
        ("service a\nprice units 1 per", 2, "is not a price"),
        ("service a\nprice units -1 per 1", 2, "is not a price"),
        ("service a\nprice units 1 per 0", 2, "is not a price"),
        ("service a\nprice colours 1 per 1", 2, "is not a price"),
        ("service a\n\nprices units 1 per 1 # so", 3, "`prices` is not known here"),
        ("service a\nprice units 1 per 1 free", 2, "is not a price"),
        ("service a b", 1, "is not known here"),
    ])
    func `what cannot be read is named with its line`(_ text: String, _ line: Int, _ words: String) throws {
        let error = try #require(throws: ConfigError.self) { try PriceList(parsing: text, file: "prices.txt") }
        #expect(error.line == line && error.file == "prices.txt")
        #expect(error.message.contains(words), "\(error.message)")
    }
}
