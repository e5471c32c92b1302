import Platform
import TestKit
import Testing

@testable import Orchestration

struct ScheduleTests {
    private func moment(_ text: String) throws -> Int64 { try #require(Timestamp(rfc3339: text)).nanoseconds }

    private func next(_ cron: String, after text: String) throws -> String? {
        try #require(Cron(cron)).next(after: moment(text)).map { Timestamp(nanoseconds: $0).description }
    }

    @Test(arguments: [
        ("30 3 * * *", "2026-01-31T03:29:59Z", "2026-01-31T03:30:00Z"),
        ("30 3 * * *", "2026-01-31T03:30:00Z", "2026-02-01T03:30:00Z"),
        ("*/15 * * * *", "2026-01-31T23:46:00Z", "2026-02-01T00:00:00Z"),
        ("5-20/5 9,17 * * *", "2026-01-31T09:11:00Z", "2026-01-31T09:15:00Z"),
        ("5-20/5 9,17 * * *", "2026-01-31T09:20:00Z", "2026-01-31T17:05:00Z"),
        ("0 0 29 2 *", "2026-03-01T00:00:00Z", "2028-02-29T00:00:00Z"),
        ("0 0 * * mon-fri", "2026-01-30T12:00:00Z", "2026-02-02T00:00:00Z"),
        ("0 0 * * 7", "2026-01-30T12:00:00Z", "2026-02-01T00:00:00Z"),
        // Either field of days will do where both are limited.
        ("0 0 13 * fri", "2026-01-31T00:00:00Z", "2026-02-06T00:00:00Z"),
        ("0 0 13 * fri", "2026-02-06T00:00:00Z", "2026-02-13T00:00:00Z"),
        ("0 12 1 jan,jul *", "2026-01-31T00:00:00Z", "2026-07-01T12:00:00Z"),
        ("0 22/1 * * *", "2026-01-31T22:30:00Z", "2026-01-31T23:00:00Z"),
    ])
    func `cron names the next moment`(cron: String, after: String, expected: String) throws {
        #expect(try next(cron, after: after) == expected)
    }

    @Test(arguments: [
        "", "* * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *", "* * * * 8", "a * * * *",
        "*/0 * * * *", "5-1 * * * *", "1,, * * * *", "* * * * * *",
    ])
    func `what is not cron is refused`(text: String) { #expect(Cron(text) == nil) }

    @Test func `a day that never comes is never due`() throws {
        #expect(try next("0 0 31 2 *", after: "2026-01-01T00:00:00Z") == nil)
    }

    @Test(arguments: 0..<50) func `the latest moment and the next one have none between them`(seed: Int) throws {
        var generator = SeededGenerator(seed: UInt64(seed))
        func field(_ range: ClosedRange<Int>) -> String {
            switch Int.random(in: 0..<4, using: &generator) {
            case 0: "*"
            case 1: "*/\(Int.random(in: 1...range.upperBound, using: &generator))"
            case 2: "\(Int.random(in: range, using: &generator))"
            default: "\(Int.random(in: range, using: &generator)),\(Int.random(in: range, using: &generator))"
            }
        }
        let text = [0...59, 0...23, 1...31, 1...12, 0...6].map { field($0) }.joined(separator: " ")
        let cron = try #require(Cron(text))
        let time =
            try moment("2026-01-01T00:00:00Z") + Int64.random(in: 0..<31_536_000, using: &generator) * 1_000_000_000
        guard let next = cron.next(after: time) else { return }
        #expect(next > time && cron.latest(notAfter: next) == next)
        let before = cron.latest(notAfter: next - 1)
        #expect(before ?? .min <= time && cron.latest(notAfter: time) == before, "\(text)")
        if let before { #expect(cron.next(after: before) == next) }
    }

    @Test func `times of every are whole multiples since 1970`() throws {
        let schedule = Schedule(everyNs: 3_600_000_000_000, text: "1h")
        let time = try moment("2026-01-31T10:20:00Z")
        #expect(schedule.latest(notAfter: time) == (try moment("2026-01-31T10:00:00Z")))
        #expect(schedule.next(after: time) == (try moment("2026-01-31T11:00:00Z")))
    }
}
