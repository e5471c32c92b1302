import Foundation
import Platform
import TestKit
import Testing

@Suite struct TimeTests {
    @Test(arguments: [
        ("1970-01-01T00:00:00Z", 0), ("2026-11-20T23:52:00.5Z", 1_795_218_720_500_000_000),
        ("2000-02-29", 951_782_400_000_000_000), ("1969-12-31T23:59:59.999999999Z", -1),
        ("2026-01-31 09:30:00+02:00", 1_769_844_600_000_000_000),
    ])
    func `moments are read from text`(text: String, nanoseconds: Int64) {
        #expect(Timestamp(rfc3339: text)?.nanoseconds == nanoseconds)
    }

    @Test(arguments: ["", "2026", "2026-13-01", "2025-02-29", "2026-01-01T25:00:00Z", "2026-01-01T00:00:00.Z", "x"])
    func `text that is no moment is refused`(text: String) {
        #expect(Timestamp(rfc3339: text) == nil)
    }

    @Test(arguments: [
        "0001-01-01T00:00:00Z", "9999-12-31", "1677-12-31T23:59:59Z", "2262-01-01", "20-2601-31", "-20260131-",
        "2026-01-01T+1:+2:+3Z", "2026-01-01T00:00:00+99:00",
    ])
    func `years that nanoseconds cannot hold and loose forms are refused`(text: String) {
        #expect(Timestamp(rfc3339: text) == nil)
    }

    @Test(arguments: 0..<200)
    func `a moment survives its text, and its day is Foundation's`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let moment = Timestamp(
            nanoseconds: Int64.random(in: -4_000_000_000_000_000_000...6_000_000_000_000_000_000, using: &random))
        #expect(Timestamp(rfc3339: moment.description) == moment)
        let (date, ofDay) = CivilDate.split(moment)
        #expect((0..<Timestamp.nanosecondsPerDay).contains(ofDay))
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = try #require(TimeZone(identifier: "UTC"))
        let seconds = Double((moment.nanoseconds - ofDay) / 1_000_000_000)
        let parts = calendar.dateComponents([.year, .month, .day], from: Date(timeIntervalSince1970: seconds + 1))
        #expect(
            parts.year.map(Int64.init) == date.components.year && parts.month.map(Int64.init) == date.components.month)
        #expect(parts.day.map(Int64.init) == date.components.day)
    }
}
