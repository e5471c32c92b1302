import Analytics
import Platform
import Testing

struct IntervalTests {
    @Test(arguments: [
        ("1s", "1s", 1), ("90s", "90s", 90), ("60s", "1m", 60), ("5m", "5m", 300), ("1h", "1h", 3600),
        ("24h", "24h", 86_400), ("1d", "1d", 86_400),
    ])
    func `an interval is read, and written with its largest unit`(
        text: String, canonical: String, seconds: Int64
    ) throws {
        let interval = try Interval(parsing: text)
        #expect(interval.nanoseconds == seconds * 1_000_000_000)
        #expect(interval.description == canonical)
    }

    @Test func `a trading day is no 24 hours, and sorts behind them`() throws {
        #expect(try Interval(parsing: "1d").isTradingDay)
        #expect(try !Interval(parsing: "24h").isTradingDay)
        #expect(try Interval(parsing: "24h") != Interval(parsing: "1d"))
        #expect(Interval(seconds: 86_400) < .tradingDay)
    }

    @Test(arguments: [
        "", "s", "1", "d", "0s", "-1s", "1.5m", "250ms", "2d", "25h", "1w", "1 m", "999999999999999999d", "1S", "٣m",
    ])
    func `what is no interval between a second and a day is refused with advice`(text: String) throws {
        let error = #expect(throws: ConfigError.self) { try Interval(parsing: text) }
        #expect(error?.suggestion?.contains("from `1s` to `24h`, or `1d`") == true)
    }
}
