import Platform
import Testing

@testable import Market

/// Sessions of single days as the exchanges published them; every day of every year is compared in
/// Tests/Peers/run_calendars.py.
@Suite struct CalendarTests {
    private func ns(_ text: String) -> Int64 { Timestamp(rfc3339: text)!.nanoseconds }
    private func calendar(_ code: String) throws -> TradingCalendar {
        try #require(VenueCalendars.standard.calendar(code: code))
    }
    private func hours(_ code: String, _ day: String) throws -> [String] {
        let session = try calendar(code).session(on: CivilDate(day)!)
        return (session?.spans ?? []).flatMap {
            [Timestamp(nanoseconds: $0.openNs).description, Timestamp(nanoseconds: $0.closeNs).description]
        }
    }

    @Test func `daylight saving moves the session of New York in UTC`() throws {
        #expect(try hours("XNYS", "2024-03-08") == ["2024-03-08T14:30:00Z", "2024-03-08T21:00:00Z"])
        #expect(try hours("XNYS", "2024-03-11") == ["2024-03-11T13:30:00Z", "2024-03-11T20:00:00Z"])
    }

    @Test func `lunch breaks are breaks`() throws {
        let tokyo = try calendar("XTKS")
        #expect(
            try hours("XTKS", "2024-11-05") == [
                "2024-11-05T00:00:00Z", "2024-11-05T02:30:00Z", "2024-11-05T03:30:00Z", "2024-11-05T06:30:00Z",
            ])
        #expect(try hours("XTKS", "2024-11-01").last == "2024-11-01T06:00:00Z")
        let lunch = ns("2024-11-05T03:00:00Z")
        #expect(!tokyo.isOpen(at: lunch))
        #expect(tokyo.session(containing: lunch)?.day == CivilDate("2024-11-05"))
        #expect(tokyo.nextOpen(after: lunch) == ns("2024-11-05T03:30:00Z"))
        #expect(tokyo.nextClose(after: lunch) == ns("2024-11-05T06:30:00Z"))
    }

    @Test func `an early close at noon leaves out the afternoon`() throws {
        #expect(try hours("XHKG", "2024-12-24") == ["2024-12-24T01:30:00Z", "2024-12-24T04:00:00Z"])
        #expect(try calendar("XHKG").session(on: CivilDate("2024-12-24")!)?.isShortened == true)
    }

    @Test(arguments: [
        ("XNYS", "2012-10-29"), ("XNYS", "2001-09-14"), ("XNYS", "2022-06-20"), ("XNYS", "2021-12-24"),
        ("XNYS", "2024-03-29"), ("XNYS", "2024-07-06"), ("XLON", "2027-12-28"), ("XLON", "2020-05-08"),
        ("XPAR", "2025-05-01"), ("XETR", "2025-12-31"), ("XTKS", "2026-05-06"), ("XSHG", "2024-02-15"),
        ("FX", "2025-01-04"), ("FX", "2025-12-25"),
    ]) func `is closed`(code: String, day: String) throws { #expect(try hours(code, day) == []) }

    @Test(arguments: [
        ("XNYS", "1999-12-31", "18:00"), ("XNYS", "2002-07-05", "17:00"), ("XNYS", "2002-07-03", "20:00"),
        ("XNYS", "2013-07-03", "17:00"), ("XNYS", "2010-12-31", "21:00"), ("XLON", "2022-12-23", "12:30"),
        ("XLON", "2020-05-04", "15:30"), ("XETR", "2023-12-29", "13:00"), ("XETR", "2022-06-06", "15:30"),
        ("24/7", "2024-12-25", "00:00"),
    ]) func `closes at`(code: String, day: String, time: String) throws {
        #expect(try hours(code, day).last?.dropFirst(11).prefix(5) == Substring(time))
    }

    @Test func `the week of currencies runs from Sunday to Friday evening in New York`() throws {
        let calendar = try calendar("FX")
        #expect(!calendar.isOpen(at: ns("2024-03-10T20:59:59Z")))
        #expect(calendar.isOpen(at: ns("2024-03-10T21:00:00Z")))
        #expect(calendar.nextOpen(after: ns("2024-03-08T22:00:00Z")) == ns("2024-03-10T21:00:00Z"))
        #expect(calendar.isOpen(at: ns("2024-03-08T21:59:59Z")) && !calendar.isOpen(at: ns("2024-03-08T22:00:00Z")))
        #expect(calendar.tradingDay(of: ns("2024-03-10T21:30:00Z")) == CivilDate("2024-03-11"))
        #expect(calendar.tradingDay(of: ns("2024-03-09T12:00:00Z")) == nil)
    }

    @Test func `a trading day holds what comes before and after its session`() throws {
        let calendar = try calendar("XNYS")
        #expect(calendar.tradingDay(of: ns("2024-01-05T09:00:00Z")) == CivilDate("2024-01-05"))
        #expect(calendar.tradingDay(of: ns("2024-01-06T00:30:00Z")) == CivilDate("2024-01-05"))
        #expect(calendar.tradingDay(of: ns("2024-01-06T05:00:00Z")) == nil)
        #expect(calendar.session(containing: ns("2024-01-05T09:00:00Z")) == nil)
        #expect(calendar.nextOpen(after: ns("2024-01-05T21:00:00Z")) == ns("2024-01-08T14:30:00Z"))
    }

    @Test func `time that is traded in is counted`() throws {
        let calendar = try calendar("XNYS")
        let hour: Int64 = 3_600_000_000_000
        // Friday 15:00 to Monday 10:30 in New York.
        #expect(calendar.openNs(from: ns("2024-01-05T20:00:00Z"), to: ns("2024-01-08T15:30:00Z")) == 2 * hour)
        #expect(calendar.openNs(from: 0, to: ns("2024-01-08T15:30:00Z"), limit: hour) == hour)
        #expect(try self.calendar("24/7").openNs(from: 5, to: 500) == 495)
        #expect(calendar.openNs(from: .min, to: .max) == 0)
    }

    @Test func `a cursor says the same as the calendar`() throws {
        for code in ["XNYS", "XHKG", "FX", "24/7"] {
            let calendar = try calendar(code)
            var cursor = SessionCursor(calendar)
            let start = ns("2024-03-07T00:00:00Z")
            let steps = (0..<2000).map { start + Int64($0) * 317_000_000_000 }
            for step in steps + steps.shuffled().prefix(200) {
                #expect(cursor.isOpen(at: step) == calendar.isOpen(at: step))
            }
        }
    }

    @Test func `moments beyond the calendar are closed and harm nothing`() throws {
        let calendar = try calendar("XNYS")
        for time in [Int64.min, .max, 0, -7_000_000_000_000_000_000] {
            #expect(!calendar.isOpen(at: time) || time == 0)
            #expect(calendar.tradingDay(of: time) == nil || time == 0)
        }
        #expect(calendar.session(on: CivilDate(daysSinceEpoch: .max)) == nil)
        #expect(calendar.nextOpen(after: .max) == nil)
    }

    @Test func `venues together are open while one is`() throws {
        let calendars = VenueCalendars.standard
        let weekend = ns("2024-01-06T12:00:00Z")
        #expect(!MarketHours(venues: ["US", "LSE"], calendars).isOpen(at: weekend))
        #expect(MarketHours(venues: ["US", "BINANCE"], calendars).isOpen(at: weekend))
        #expect(MarketHours(venues: ["US", "NOWHERE"], calendars).isOpen(at: weekend))
        #expect(
            MarketHours(venues: ["us", "LSE"], calendars).closedText(at: weekend)
                == "market closed, opens Mon 2024-01-08 08:00 London")
    }

    @Test func `a file adds calendars and a venue gets another`() throws {
        let text = "calendar MINE\nname My market\nvenues HERE\nclock Europe/Paris Paris\nhours 10:00-11:00 # short\n"
        let calendars = try VenueCalendars.standard.adding(text: text, file: "mine.txt")
            .assigning(venue: "US", code: "mine").assigning(venue: "LSE", code: "none")
        #expect(calendars.calendar(venue: "here")?.code == "MINE")
        #expect(calendars.calendar(venue: "US")?.code == "MINE")
        #expect(calendars.calendar(venue: "LSE") == nil)
        #expect(calendars.changes != VenueCalendars.standard.changes)
        #expect(throws: ConfigError.self) { try VenueCalendars.standard.assigning(venue: "US", code: "XXXX") }
    }

    @Test(arguments: [
        "hours 09:00-10:00", "calendar A\nhours 10:00-09:00", "calendar A\nhours 9-10", "calendar A",
        "calendar A\nclock Nowhere/City X\nhours 09:00-10:00", "calendar A\nhours 09:00-10:00\nholiday 02-30",
        "calendar A\nhours 09:00-10:00\nholiday 6th mon 01",
        "calendar A\nhours 09:00-10:00\nholiday 2024-01-05..2024-01-01",
        "calendar A\nhours 09:00-10:00\nholiday 01-01 sun", "calendar A\nhours 09:00-25:00", "calendar A\nfoo bar",
        "calendar A\nhours 09:00-10:00\nholiday easter+x", "calendar A\nhours 09:00-10:00\nearly 25:00 12-24",
    ]) func `text that is no calendar is refused`(text: String) {
        #expect(throws: ConfigError.self) { try VenueCalendars.standard.adding(text: text, file: "f") }
    }

    @Test func `a wrong line is named`() {
        let error = #expect(throws: ConfigError.self) {
            try VenueCalendars.standard.adding(text: "calendar A\n\nhours 1-2\n", file: "mine.txt")
        }
        #expect(error?.line == 3)
    }
}
