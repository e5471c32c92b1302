import Databases
import Foundation
import Lake
import Networking
import Platform
import Synchronization
import TestKit
import Testing

@testable import Orchestration

/// A vendor with one symbol whose history grows and is corrected between runs.
private final class ChangingVendor: Sendable {
    private let server: HTTPServer
    private let state: State

    private final class State: Sendable {
        let asked = Mutex<[String]>([])
        let answer = Mutex("[]")
    }

    init() throws {
        var options = HTTPServer.Options()
        options.port = 0
        let state = State()
        self.state = state
        server = try HTTPServer(options: options) { request, responder in
            state.asked.withLock {
                $0.append("\(request.query["from"] ?? "")…\(request.query["to"] == nil ? "" : "now")")
            }
            responder.respond(.json(state.answer.withLock { $0 }))
        }
    }

    deinit { server.stop() }

    var url: String { server.url }
    var asked: [String] { state.asked.withLock { $0 } }
    func answer(_ text: String) { state.answer.withLock { $0 = text } }
}

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
    private func run(_ vendor: ChangingVendor, _ sql: String) throws -> [[SQLValue]] {
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
        let vendor = try ChangingVendor()
        vendor.answer("[\(row("2024-03-04", 100)),\(row("2024-03-05", 101)),\(row("2024-03-06", 0))]")
        let first = try run(vendor, bars)
        #expect(
            first == [
                [.text("03-04 05:00"), .double(100), .integer(0)], [.text("03-05 05:00"), .double(101), .integer(0)],
            ])
        // Daylight saving begins on the 10th.
        vendor.answer("[\(row("2024-03-04", 100)),\(row("2024-03-05", 101.5)),\(row("2024-03-11", 51, #","s":2"#))]")
        let second = try run(vendor, bars)
        #expect(
            second == [
                [.text("03-04 05:00"), .double(100), .integer(0)], [.text("03-05 05:00"), .double(101), .integer(0)],
                [.text("03-05 05:00"), .double(101.5), .integer(1)], [.text("03-11 04:00"), .double(51), .integer(0)],
            ])
        #expect(try run(vendor, bars) == second)
        // Seven days before the 11th in New York, by the clock of winter.
        #expect(vendor.asked == ["2024-01-01…now", "2024-02-27…now", "2024-03-03…now"])
        let others = """
            SELECT kind || ' ' || value, (SELECT string_agg(reason, ',') FROM dead_letters) FROM corporate_actions
            """
        #expect(try run(vendor, others) == [[.text("split 2.0"), .text("price_not_positive")]])
    }
}
