import Foundation
import Platform
import TestKit
import Testing

@testable import Orchestration

struct UsageLedgerTests {
    private static func ns(_ year: Int64, _ month: Int64, _ day: Int64, hour: Int64 = 0) -> Int64 {
        CivilDate(year: year, month: month, day: day)!.daysSinceEpoch * UsageLedger.dayNs + hour * UsageLedger.hourNs
    }

    private static func usage(rows: Int64, kept: Int64 = 0) -> Usage {
        var usage = Usage()
        usage.rows = rows
        usage.kept = kept
        return usage
    }

    @Test func `a month has its own days`() {
        #expect(UsageLedger.month(of: Self.ns(2028, 2, 29, hour: 5)) == Self.ns(2028, 2, 1)..<Self.ns(2028, 3, 1))
        #expect(UsageLedger.month(of: Self.ns(2026, 12, 31, hour: 23)) == Self.ns(2026, 12, 1)..<Self.ns(2027, 1, 1))
        #expect(UsageLedger.month(of: Self.ns(2026, 4, 1)).upperBound == Self.ns(2026, 5, 1))
    }

    @Test func `months and days begin anew, and what stays is paid for on`() {
        let folder = TemporaryFolder()
        var ledger = UsageLedger(folder: folder.path, sink: "s")
        ledger.add(Self.usage(rows: 5, kept: 300), Self.ns(2026, 4, 16))
        let april = ledger.month(Self.ns(2026, 4, 16))
        #expect(april.keptMonths == 150)
        ledger.add(Self.usage(rows: 7), Self.ns(2026, 4, 16, hour: 23))
        let (day, next) = (ledger.day(Self.ns(2026, 4, 16, hour: 23)), ledger.day(Self.ns(2026, 4, 17)))
        #expect(day.rows == 12 && next.rows == 0)
        let end = ledger.month(Self.ns(2026, 4, 30, hour: 23))
        #expect(end.usage.rows == 12)
        let may = ledger.month(Self.ns(2026, 5, 1))
        #expect(may.usage == Usage() && may.keptMonths == 300)
        ledger.add(Self.usage(rows: 1, kept: 100), Self.ns(2026, 5, 1))
        let before = ledger.month(Self.ns(2026, 4, 30))
        #expect(before.usage.kept == 100, "a clock that was set back")
        let june = ledger.month(Self.ns(2026, 6, 3))
        #expect(june.keptMonths == 400)
    }

    @Test func `what was counted is there after a restart`() throws {
        let folder = TemporaryFolder()
        let now = Self.ns(2026, 4, 16)
        var ledger = UsageLedger(folder: folder.path, sink: "s")
        ledger.add(Self.usage(rows: 5, kept: 300), now)
        try ledger.save()
        var again = UsageLedger(folder: folder.path, sink: "s")
        let (before, after, day) = (ledger.month(now), again.month(now), again.day(now))
        #expect(after == before && day.rows == 5)
        var other = UsageLedger(folder: folder.path, sink: "t")
        let none = other.month(now)
        #expect(none.usage == Usage())
        try Data("{".utf8).write(to: URL(filePath: folder.path + "/usage/s.json"))
        var damaged = UsageLedger(folder: folder.path, sink: "s")
        let anew = damaged.month(now)
        #expect(anew.usage == Usage())
    }

    @Test func `the month goes on as the last day did`() throws {
        let folder = TemporaryFolder()
        var ledger = UsageLedger(folder: folder.path, sink: "s")
        let start = Self.ns(2026, 4, 10)
        ledger.add(Self.usage(rows: 1000), start)
        let tooSoon = ledger.predictedMonth(start + 599_000_000_000)
        #expect(tooSoon == nil)
        // Ten rows an hour for five days; the thousand at their beginning are no longer the pace.
        for hour in 1...120 { ledger.add(Self.usage(rows: 10, kept: 24), start + Int64(hour) * UsageLedger.hourNs) }
        let now = Self.ns(2026, 4, 15, hour: 1) - 1
        let prediction = ledger.predictedMonth(now)
        let predicted = try #require(prediction)
        let expected = 2200 + 10 * (30 * 24 - 14 * 24 - 1)
        #expect(abs(Double(predicted.usage.rows) - Double(expected)) <= 2, "\(predicted.usage.rows)")
        // Of a constant stream over the rest, half the time of the rest is paid.
        let rest = Double(Self.ns(2026, 5, 1) - now) / Double(30 * UsageLedger.dayNs)
        let kept = ledger.month(now).keptMonths + 24 * rest * 720 * rest / 2
        #expect(abs(predicted.keptMonths - kept) < 5, "\(predicted.keptMonths) \(kept)")
        // A sink that rested for a day takes nothing more.
        let later = now + 2 * UsageLedger.dayNs
        let rested = ledger.predictedMonth(later)
        #expect(rested?.usage.rows == 2200)
    }
}
