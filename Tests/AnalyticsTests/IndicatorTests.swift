import Market
import Platform
import TestKit
import Testing

@testable import Analytics

struct IndicatorTests {
    /// Values of an indicator over bars whose high and low stand one above and below the close.
    static func values(_ spec: String, closes: [Double]) throws -> [Double?] {
        try values(spec, bars: closes.map { (high: $0 + 1, low: $0 - 1, close: $0) })
    }

    static func values(_ spec: String, bars: [(high: Double, low: Double, close: Double)]) throws -> [Double?] {
        let indicator = try IndicatorSpec(parsing: spec).makeIndicator()
        let state = Slab<Double>(repeating: 0, count: indicator.stateCount)
        return bars.enumerated().map { place, bar in
            let bar = Bar(
                instrument: 0, priceType: .trade, interval: 0, startNs: Int64(place), open: bar.close, high: bar.high,
                low: bar.low, close: bar.close, volume: 1, vwap: bar.close, trades: 1, isFinal: true, revision: 0,
                journalOffset: 0)
            return state.withSpan(first: 0, count: indicator.stateCount) { indicator.update(&$0, with: bar) }
        }
    }

    @Test func `the moving average is the mean of the window and comes with its last bar`() throws {
        #expect(try Self.values("sma(3)", closes: [1, 2, 6, 4, 11]) == [nil, nil, 3, 4, 7])
        #expect(try Self.values("sma(1)", closes: [1, 2, 6]) == [1, 2, 6])
    }

    @Test func `the moving average does not drift over millions of bars`() throws {
        var random = SeededGenerator(seed: 7)
        let indicator = try SMA([50])
        let state = Slab<Double>(repeating: 0, count: indicator.stateCount)
        var window: [Double] = []
        var worst = 0.0
        for step in 0..<1_000_000 {
            // Rarely a price that is many orders of magnitude larger passes through the window.
            let close = Double.random(in: 0.1..<1, using: &random) * (step % 9973 == 0 ? 1e12 : 1)
            window.append(close)
            if window.count > 50 { window.removeFirst() }
            let bar = Bar(
                instrument: 0, priceType: .trade, interval: 0, startNs: 0, open: close, high: close, low: close,
                close: close, volume: 0, vwap: .nan, trades: 1, isFinal: true, revision: 0, journalOffset: 0)
            let value = state.withSpan(first: 0, count: indicator.stateCount) { indicator.update(&$0, with: bar) }
            guard let value, step % 101 == 0 else { continue }
            let exact = window.sorted { abs($0) < abs($1) }.reduce(0, +) / 50
            worst = max(worst, abs(value - exact) / exact)
        }
        #expect(worst < 1e-12)
    }

    @Test func `the strength index tells rising, falling and flat markets apart`() throws {
        #expect(try Self.values("rsi(2)", closes: [1, 2, 3, 4]) == [nil, nil, 100, 100])
        #expect(try Self.values("rsi(2)", closes: [4, 3, 2, 1]) == [nil, nil, 0, 0])
        #expect(try Self.values("rsi(2)", closes: [5, 5, 5]) == [nil, nil, 50])
        #expect(try Self.values("rsi(2)", closes: [10, 12, 11, 11]) == [nil, nil, 100 - 100.0 / 3, 100 - 100.0 / 3])
    }

    @Test func `the true range includes the gap from the close before`() throws {
        let bars = [(10.0, 9.0, 9.5), (12.0, 11.0, 11.5), (11.5, 8.0, 8.5), (9.0, 8.0, 8.5)]
        let values = try Self.values("atr(2)", bars: bars.map { (high: $0.0, low: $0.1, close: $0.2) })
        #expect(values == [nil, nil, (2.5 + 3.5) / 2, ((2.5 + 3.5) / 2 + 1) / 2])
    }

    @Test(arguments: [("sma", "sma(20)"), ("SMA( 5 )", "sma(5)"), ("rsi()", "rsi(14)"), ("atr(7)", "atr(7)")])
    func `an indicator is read with its defaults`(text: String, canonical: String) throws {
        #expect(try IndicatorSpec(parsing: text).description == canonical)
    }

    @Test(arguments: [
        "", "smo(20)", "sma(0)", "sma(-1)", "sma(2,3)", "sma(x)", "sma(", "sma)", "sma 20", "rsi(1e3)", "atr(100001)",
        "sma(20)x", "sma(,)",
    ])
    func `a wrong indicator is refused with advice`(text: String) {
        let error = #expect(throws: ConfigError.self) { try IndicatorSpec(parsing: text) }
        #expect(error?.suggestion?.isEmpty == false)
    }

    @Test func `every registered indicator is documented and its example and defaults can be read`() throws {
        let names = IndicatorRegistry.all.map { $0.spec.name }
        #expect(names == names.sorted() && Set(names).count == names.count)
        for spec in IndicatorRegistry.all.map({ $0.spec }) {
            let example = try IndicatorSpec(parsing: spec.example)
            let defaults = try IndicatorSpec(parsing: spec.name)
            #expect(example.name == spec.name && defaults.parameters.count == spec.options.count)
            #expect(!spec.summary.isEmpty)
        }
        for source in IndicatorRegistry.all.map({ $0.source }) { #expect(!source.isEmpty) }
    }

    @Test func `a bar of an earlier recording begins the series anew`() throws {
        let configuration = try EngineConfiguration(
            intervals: [Interval(seconds: 1)], indicators: [IndicatorSpec(parsing: "sma(2)")])
        let bank = IndicatorBank(configuration.indicators)
        bank.grow(toSeries: 1)
        let output = EngineOutput(configuration)
        for (startNs, close): (Int64, Double) in [(10, 1), (20, 3), (5, 7), (6, 9), (6, 11)] {
            let bar = Bar(
                instrument: 0, priceType: .trade, interval: 0, startNs: startNs, open: close, high: close, low: close,
                close: close, volume: 0, vwap: .nan, trades: 1, isFinal: true, revision: 0, journalOffset: 0)
            _ = bank.update(series: 0, bar: bar, into: output.indicators)
        }
        #expect((0..<output.indicators.count).map { output.indicators.value[$0] } == [2, 8, 10])
    }
}
