import Market
import Platform
import Serving
import TestKit
import Testing

@testable import Orchestration

struct BudgetTests {
    private static let noon =
        CivilDate(year: 2026, month: 4, day: 16)!.daysSinceEpoch * UsageLedger.dayNs
        + 12 * UsageLedger.hourNs

    private static func budget(_ options: String..., service: String? = "s3") throws -> Budget {
        try Budget(Options(Budget.spec, assignments: options), sink: "objects", service: service)
    }

    private static func keeper(
        _ folder: TemporaryFolder, _ meter: UsageMeter, _ budget: Budget?, service: String? = nil
    ) -> BudgetGuard {
        BudgetGuard(
            sink: "s", meter, budget, prices: service.flatMap { PriceList.standard.services[$0] }, folder: folder.path)
    }

    @Test(arguments: [
        ("budgets: [objects]", 3, "takes names of sinks", "write `bigquery: { cost: 25 }`"),
        ("budgets: { object: { rows: 5 } }", 3, "no sink is called `object`", "did you mean `objects`?"),
        ("budgets: { lake: { rows: 5 } }", 3, "has no budget", nil),
        ("budgets:\n  objects:\n    row: 5", 5, "row", "did you mean `rows`?"),
        ("budgets: { objects: { rows: 0 } }", 3, "is not above 0", nil),
        ("budgets: { objects: { action: stop } }", 3, "no other limit", "write `cost: 25`"),
        ("budgets: { objects: { cost: 5 } }", 3, "no published prices", nil),
        ("budgets: { objects: { cost: 5, service: s4 } }", 3, "has no prices of `s4`", "did you mean `s3`?"),
        ("budgets: { objects: { cost: 5, service: s3, per: day } }", 3, "is a month's", "write `per: month`"),
        ("budgets: { objects: { rows: 5, warn_at: 1 } }", 3, "is not between 0 and 1", "write `0.8`"),
    ])
    func `what is wrong is named with its line`(
        _ text: String, _ line: Int, _ words: String, _ suggestion: String?
    ) throws {
        let errors = try #require(throws: ConfigErrors.self) {
            try ConfigurationTests.parse("sinks: [lake, objects: { url: o }]\nbars: [1s]\n" + text)
        }
        #expect(errors.errors.count == 1)
        let error = try #require(errors.errors.first)
        #expect(error.line == line && "\(error)".contains(words), "\(error)")
        if let suggestion { #expect(error.suggestion == suggestion, "\(error.suggestion ?? "")") }
    }

    @Test func `a budget stands under the name of its sink`() throws {
        let configuration = try ConfigurationTests.parse(
            "sinks: [objects: { url: o, name: archive }]\nbudgets: { archive: { rows: 5_000, bytes: 2GiB, action: slow } }"
        )
        let budget = try #require(configuration.budgets["archive"])
        #expect(budget.rows == 5000 && budget.bytes == 2 << 30 && budget.action == .slow && budget.dollars == nil)
    }

    @Test func `a sink is stopped at any of its limits, until the span is over`() throws {
        for option in ["rows=1000", "requests=10", "bytes=500", "cost=0.5"] {
            let folder = TemporaryFolder()
            let meter = UsageMeter()
            let keeper = Self.keeper(folder, meter, try Self.budget(option, "action=stop"))
            #expect(keeper.hold(Self.noon) == nil)
            meter.add(requests: 9, bytes: 499)
            keeper.record(rows: 999, Self.noon)
            #expect(keeper.hold(Self.noon) == nil)
            // A hundred thousand requests are half a dollar.
            meter.add(requests: 99_991, bytes: 1)
            keeper.record(rows: 1, Self.noon)
            let hold = try #require(keeper.hold(Self.noon))
            #expect(hold.untilNs == UsageLedger.month(of: Self.noon).upperBound)
            #expect(hold.reason.contains("2026-05-01T00:00:00"), "\(hold.reason)")
            #expect(keeper.status(Self.noon).isNear)
            #expect(keeper.hold(hold.untilNs) == nil)
        }
    }

    @Test func `a day's budget comes again the next day, and after a restart what was used is used`() throws {
        let folder = TemporaryFolder()
        let budget = try Self.budget("rows=100", "per=day", "action=stop")
        let keeper = Self.keeper(folder, UsageMeter(), budget)
        keeper.record(rows: 100, Self.noon)
        keeper.save()
        let again = Self.keeper(folder, UsageMeter(), budget)
        let hold = try #require(again.hold(Self.noon))
        #expect(hold.untilNs == Self.noon + 12 * UsageLedger.hourNs)
        #expect(again.hold(hold.untilNs) == nil)
    }

    @Test func `who only warns never holds`() throws {
        let folder = TemporaryFolder()
        let keeper = Self.keeper(folder, UsageMeter(), try Self.budget("rows=100"))
        keeper.record(rows: 1_000_000, Self.noon)
        #expect(keeper.hold(Self.noon) == nil && keeper.rowsMax(500_000, Self.noon) == 500_000)
        #expect(keeper.status(Self.noon).warning == "1000000 % of its budget of rows per month is used")
    }

    @Test func `slow spreads what is left over the rest of the span`() throws {
        let folder = TemporaryFolder()
        let keeper = Self.keeper(folder, UsageMeter(), try Self.budget("rows=1_000_000", "per=day", "action=slow"))
        var now = Self.noon
        keeper.record(rows: 790_000, now)
        #expect(keeper.hold(now) == nil)
        var rows: Int64 = 790_000
        var units = 0
        while now < Self.noon + 12 * UsageLedger.hourNs - 1 {
            if let hold = keeper.hold(now) {
                #expect(hold.reason.contains("of its budget of rows is used"))
                now = hold.untilNs
                continue
            }
            let unit = keeper.rowsMax(500_000, now)
            keeper.record(rows: unit, now)
            rows += unit
            units += 1
            now += 1_000_000
            if units == 3 { #expect(now > Self.noon + UsageLedger.hourNs / 4) }
        }
        #expect((990_000...1_001_000).contains(rows), "\(rows)")
        #expect(units > 20, "\(units)")
        #expect(keeper.hold(now) != nil || rows < 1_000_000)
    }

    @Test func `the status tells what the month costs`() throws {
        let folder = TemporaryFolder()
        let meter = UsageMeter()
        let keeper = Self.keeper(folder, meter, nil, service: "s3")
        meter.add(requests: 1000, bytes: 7)
        keeper.record(rows: 3, Self.noon)
        let status = keeper.status(Self.noon)
        #expect(status.rows == 3 && status.requests == 1000 && status.bytes == 7 && status.cost == 0.005)
        #expect(status.limit == nil && status.used == nil && status.warning == nil && status.predictedCost == nil)
        let later = keeper.status(Self.noon + UsageLedger.hourNs)
        // 1000 requests an hour for 14 days and 11 hours.
        let expected = 0.005 * (1 + 14 * 24 + 11)
        #expect(abs(try #require(later.predictedCost) - expected) < 0.01, "\(later.predictedCost ?? 0)")
    }
}
