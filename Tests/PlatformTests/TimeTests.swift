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

@Suite struct ZoneClockTests {
    private static let zones = [
        "America/New_York", "Europe/London", "Australia/Lord_Howe", "Asia/Tokyo", "Europe/Moscow", "Africa/Casablanca",
        "America/New_York+7", "America/Sao_Paulo",
    ]

    @Test(arguments: zones)
    func `a clock that was asked before answers like a new one, and shows the time again`(zone: String) throws {
        var random = SeededGenerator(seed: 8)
        var clock = try #require(ZoneClock(zone))
        let unused = try #require(ZoneClock(zone))
        let nsPerDay = Timestamp.nanosecondsPerDay
        var skipped = 0
        for round in 0..<60 {
            // Backwards and forwards, day by day, from anywhere between 1971 and 2037.
            let start = Int64.random(in: 365..<24_500, using: &random)
            for step in 0..<40 {
                let day = round % 2 == 0 ? start + Int64(step) : start - Int64(step)
                let ofDay = Int64.random(in: 0..<nsPerDay, using: &random)
                let utc = clock.utcNs(day: day, ofDayNs: ofDay)
                var fresh = try #require(ZoneClock(zone))
                #expect(utc == fresh.utcNs(day: day, ofDayNs: ofDay), "\(zone) \(CivilDate(daysSinceEpoch: day))")
                if !zone.contains("+"), clock.wallNs(utcNs: utc) != day * nsPerDay + ofDay { skipped += 1 }
                #expect(clock.wallNs(utcNs: utc) == unused.wallNs(utcNs: utc), "\(zone) at \(utc)")
            }
        }
        #expect(skipped <= 5)
    }
}
