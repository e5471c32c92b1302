import Foundation
import Market
import Platform
import TestKit
import Testing

@testable import Feeds

@Suite struct LeanReferenceTests {
    private let folder = TemporaryFolder()

    private func write(_ name: String, _ text: String) throws {
        let url = folder.url.appending(path: name)
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url)
    }

    private func play() throws -> (output: RecordingOutput, plan: ReplayPlan) {
        let plan = try ReplayPlanner.plan(folder.path, ReplayOptions())
        let output = RecordingOutput()
        try ReplaySource(plan, ReplayOptions()).run(into: output, status: FeedStatus(name: ""))
        return (output, plan)
    }

    /// One company: `old` to 6 January, `new` since; split 2:1 on the 9th, dividend of 0.5 on the 5th.
    private func writeCompany() throws {
        try write("map_files/new.csv", "20000103,old,N\n20000106,old,N\n20501231,new,N\n")
        try write(
            "factor_files/new.csv", "20000103,0.95,0.5,1\n20000104,0.95,0.5,10\n20000107,1,0.5,20\n20501231,1,1,0\n")
        let bars = { (days: ClosedRange<Int>) in
            days.map { "2000010\($0) 00:00,100000,120000,90000,100000,5\n" }.joined()
        }
        try write("daily/old.csv", bars(3...6))
        try write("daily/new.csv", "19991231 00:00,100000,120000,90000,100000,5\n" + bars(7...8))
    }

    @Test func `closes are adjusted by the company that had the ticker on the day`() throws {
        try writeCompany()
        let output = try play().output
        let rows = DecodedBars.texts(output.events, output.instruments).map { text in
            let parts = text.split(separator: " ")
            return "\(parts[0]) \(parts[4]) \(parts.last ?? "")"
        }
        #expect(
            rows.sorted() == [
                "US:NEW 1999-12-31T05:00:00Z 5.0",  // the volume: another company's, not adjusted
                "US:NEW 2000-01-07T05:00:00Z 5.0", "US:NEW 2000-01-08T05:00:00Z 10.0",
                "US:OLD 2000-01-03T05:00:00Z 4.75", "US:OLD 2000-01-04T05:00:00Z 4.75",
                "US:OLD 2000-01-05T05:00:00Z 5.0", "US:OLD 2000-01-06T05:00:00Z 5.0",
            ])
        let bars = output.events.vendorBars
        #expect((0..<bars.count).count { bars.adjustedClose[$0].isNaN } == 1)
    }

    @Test func `tickers are valid in the hands of a company`() throws {
        try writeCompany()
        let output = try play().output
        #expect(
            DecodedBars.validities(output.events, output.instruments).sorted() == [
                "US:NEW 2000-01-07… OLD 2000-01-03|", "US:OLD 2000-01-03…2000-01-06 OLD 2000-01-03|",
            ])
    }

    @Test func `factors become splits and dividends on the next trading day, at the ticker of that day`() throws {
        try writeCompany()
        let output = try play().output
        #expect(
            DecodedBars.actions(output.events, output.instruments) == [
                // The next weekday, since plain files do not tell the trading days.
                "US:OLD dividend 0.5 2000-01-05T05:00:00Z", "US:NEW split 2.0 2000-01-10T05:00:00Z",
            ])
        #expect(output.frames == 4)
    }

    @Test func `lines that are none are dead letters, and the others are kept`() throws {
        try write("map_files/a.csv", "20000103,a,N\nhello\n20501231,a,N\n")
        try write("factor_files/a.csv", "20000103,1,0.5,1\n20000104,0,1,1\n20000105,x,1,1\n20501231,1,1,0\n")
        let output = try play().output
        #expect(output.events.deadLetters.count == 3)
        #expect(output.events.instruments.count == 1 && output.events.corporateActions.count == 1)
    }

    @Test(arguments: [
        (6.99999, 7.0), (1.0027, 1.0027), (0.125001, 0.125), (0.05, 0.05), (1.25001, 1.25), (1.50004, 1.5),
    ])
    func `ratios of splits are small numbers where they nearly are`(ratio: Double, snapped: Double) {
        #expect(LeanFactorDecoder.snapped(ratio) == snapped)
    }
}
