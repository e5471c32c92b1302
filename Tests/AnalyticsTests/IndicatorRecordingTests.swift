import Foundation
import Market
import TestKit
import Testing

@testable import Analytics

/// Indicators against reference values that others computed.
@Suite(.enabled(if: Recordings.arePresent))
struct IndicatorRecordingTests {
    private typealias Prices = (high: Double, low: Double, close: Double)

    private static func table(_ path: String) throws -> [[String: String]] {
        let text = try String(contentsOfFile: Recordings.path(path), encoding: .utf8)
        let lines = text.split(whereSeparator: \.isNewline).map {
            $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        }
        return lines.dropFirst().map { Dictionary(zip(lines[0], $0), uniquingKeysWith: { first, _ in first }) }
    }

    private static func number(_ row: [String: String], _ name: String) throws -> Double {
        try #require(row[name].flatMap { Double($0) }, "\(name) is a number")
    }

    private static func prices(_ path: String, _ high: String, _ low: String, _ close: String) throws -> [Prices] {
        try table(path).map { (try number($0, high), try number($0, low), try number($0, close)) }
    }

    @Test(arguments: ["sma(20)", "rsi(14)", "atr(14)"])
    func `five hundred days of SPY give the reference values, warm-up included`(text: String) throws {
        let name = try IndicatorSpec(parsing: text).name
        let data = try Data(
            contentsOf: URL(filePath: Recordings.path("indicators_skender/results/\(name).standard.json")))
        let rows = try #require(try JSONSerialization.jsonObject(with: data) as? [[String: Any]])
        let expected = rows.map { ($0[name] as? NSNumber)?.doubleValue }
        let bars = try Self.prices("indicators_skender/quotes/default.csv", "high", "low", "close")
        let values = try IndicatorTests.values(text, bars: bars)
        #expect(values.count == 502 && expected.count == 502)
        for (place, (value, reference)) in zip(values, expected).enumerated() {
            guard let value, let reference else {
                #expect(value == nil && reference == nil, "bar \(place)")
                continue
            }
            #expect(abs(value - reference) <= 1e-9 * abs(reference), "bar \(place)")
        }
    }

    @Test func `the worked example of the strength index gives its published values`() throws {
        let closes = try Self.table("indicators_ta/cs-rsi.csv").map { try Self.number($0, "Close") }
        // StockCharts ChartSchool, "Relative Strength Index", worked example; the file's own column is smoothed from
        // the first bar on and differs.
        let published = [
            70.53, 66.32, 66.55, 69.41, 66.36, 57.97, 62.93, 63.26, 56.06, 62.38, 54.71, 50.42, 39.99, 41.46, 41.87,
            45.46, 37.30, 33.08, 37.77,
        ]
        let values = try IndicatorTests.values("rsi(14)", closes: closes)
        #expect(values.prefix(14).allSatisfy { $0 == nil })
        for (value, expected) in zip(values.dropFirst(14), published) {
            #expect(abs(try #require(value) - expected) < 0.02)
        }
    }

    @Test(arguments: ["indicators_ta/cs-atr.csv"])
    func `the worked example of the true range gives its values`(path: String) throws {
        // The file averages the first 14 true ranges including the first day's high less low: the same as ours where a
        // bar inside that range comes before.
        let bars = try Self.prices(path, "High", "Low", "Close")
        let before = (high: bars[0].high, low: bars[0].low, close: bars[0].high)
        let values = try IndicatorTests.values("atr(14)", bars: [before] + bars).dropFirst()
        let expected = try Self.table(path).map { try Self.number($0, "ATR") }
        for (place, (value, reference)) in zip(values, expected).enumerated() {
            if place < 13 {
                #expect(value == nil && reference == 0)
            } else {
                #expect(abs(try #require(value) - reference) < 1e-8, "bar \(place)")
            }
        }
    }
}
