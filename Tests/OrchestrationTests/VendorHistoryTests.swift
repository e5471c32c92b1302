import Databases
import Foundation
import Lake
import Networking
import Platform
import TestKit
import Testing

@testable import Orchestration

@Suite struct VendorHistoryTests {
    private let folder = TemporaryFolder()

    private func pipeline(_ url: String) throws -> Pipeline {
        try Pipeline(
            PipelineConfiguration.parse(
                """
                pipeline: history
                data: \(folder.path)
                feeds:
                  - rest:
                      name: vendor
                      source: vendor
                      url: "\(url)/{symbol}?from={from}&to={to}"
                      symbols: [AAPL]
                      venue: US
                      fields: [time=t, open=o, high=h, low=l, close=c, adjusted_close=a, split=s]
                      zone: America/New_York
                      from: 2024-01-01
                      overlap: 7d
                      every: 0s
                bars: { intervals: [1m], price_types: [trade] }
                sinks:
                  - lake: {}
                """, file: nil, components: Registry.components))
    }

    /// Runs the pipeline until its feed has ended; returns what a query gives.
    private func run(_ vendor: AnsweringServer, _ sql: String) throws -> [[SQLValue]] {
        let pipeline = try pipeline(vendor.url)
        pipeline.start()
        defer { pipeline.stop() }
        try pipeline.startFeeds()
        #expect(eventually { pipeline.areFeedsFinished })
        #expect(pipeline.feedErrors == [])
        #expect(pipeline.flush())
        return try pipeline.store.connect().query(sql).collect().rows
    }

    private func row(_ day: String, _ close: Double, _ more: String = "") -> String {
        #"{"t":"\#(day)","o":\#(close),"h":\#(close),"l":\#(close),"c":\#(close)\#(more)}"#
    }

    private let bars = """
        SELECT strftime(start, '%m-%d %H:%M'), close, revision::BIGINT FROM bars WHERE source = 'vendor' ORDER BY ALL
        """

    @Test func `history is completed over restarts, corrections become revisions, repetitions nothing`() throws {
        let early = "[\(row("2024-03-04", 100)),\(row("2024-03-05", 101)),\(row("2024-03-06", 0))]"
        let vendor = try AnsweringServer { _ in .json(early) }
        let first = try run(vendor, bars)
        #expect(
            first == [
                [.text("03-04 05:00"), .double(100), .integer(0)], [.text("03-05 05:00"), .double(101), .integer(0)],
            ])
        // Daylight saving begins on the 10th.
        let late = "[\(row("2024-03-04", 100)),\(row("2024-03-05", 101.5)),\(row("2024-03-11", 51, #","s":2"#))]"
        vendor.answer { _ in .json(late) }
        let second = try run(vendor, bars)
        #expect(
            second == [
                [.text("03-04 05:00"), .double(100), .integer(0)], [.text("03-05 05:00"), .double(101), .integer(0)],
                [.text("03-05 05:00"), .double(101.5), .integer(1)], [.text("03-11 04:00"), .double(51), .integer(0)],
            ])
        #expect(try run(vendor, bars) == second)
        // Seven days before the 11th in New York, by the clock of winter.
        let spans = vendor.asked.map { "\($0.query["from"] ?? "")…\($0.query["to"] == nil ? "" : "now")" }
        #expect(spans == ["2024-01-01…now", "2024-02-27…now", "2024-03-03…now"])
        let others = """
            SELECT kind || ' ' || value, (SELECT string_agg(reason, ',') FROM dead_letters) FROM corporate_actions
            """
        #expect(try run(vendor, others) == [[.text("split 2.0"), .text("price_not_positive")]])
    }
}
