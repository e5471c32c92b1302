import Market
import Testing

@testable import Feeds

@Suite struct SimulatorModelTests {
    private static let noonNs: Int64 =
        1_700_006_400_000_000_000 / 86_400_000_000_000 * 86_400_000_000_000
        + 43_200_000_000_000
    private static let hourNs: Int64 = 3_600_000_000_000

    private func model(
        rate: Double, burstIntervalNs: Int64 = 0, startNs: Int64 = noonNs, seed: UInt64 = 1
    ) -> MarketModel {
        MarketModel(seed: seed, rate: rate, burstIntervalNs: burstIntervalNs, startNs: startNs)
    }

    /// Every event of a span.
    private func run(_ model: MarketModel, forNs spanNs: Int64, _ body: (SimulatedEvent) -> Void) {
        var model = model
        let endNs = model.nowNs + spanNs
        while true {
            let event = model.next()
            guard model.nowNs < endNs else { return }
            if let event { body(event) }
        }
    }

    @Test(arguments: 0..<4 as Range<UInt64>)
    func `a bid is always below its ask, and a trade is at the bid or the ask`(seed: UInt64) {
        var quotes: [Int: (bid: Int64, ask: Int64)] = [:]
        var lastNs: Int64 = 0, wrong = 0, trades = 0
        run(model(rate: 300, burstIntervalNs: 20_000_000_000, seed: seed), forNs: 200_000_000_000) { event in
            if event.timeNs < lastNs || event.timeNs % 1000 != 0 { wrong += 1 }
            lastNs = event.timeNs
            if event.isTrade {
                trades += 1
                guard let quote = quotes[event.instrument] else { return wrong += 1 }
                if event.price != (event.isBuy ? quote.ask : quote.bid) || event.size < 1 { wrong += 1 }
            } else {
                if event.price < 1 || !(1...4).contains(event.ask - event.price) { wrong += 1 }
                if event.size < 1 || event.askSize < 1 { wrong += 1 }
                quotes[event.instrument] = (event.price, event.ask)
            }
        }
        #expect(wrong == 0)
        #expect(trades > 8000)
        #expect(quotes.count == 20)
    }

    @Test func `instruments move together, those of one venue more`() throws {
        var middles = [[Double]](repeating: [], count: 20)
        var current = [Double](repeating: 0, count: 20)
        var nextNs = Self.noonNs + 120_000_000_000
        run(model(rate: 60), forNs: Self.hourNs + Self.hourNs / 2) { event in
            if event.timeNs >= nextNs {
                for index in 0..<20 { middles[index].append(current[index]) }
                nextNs += 30_000_000_000
            }
            if !event.isTrade { current[event.instrument] = Double(event.price + event.ask) / 2 }
        }
        let returns = middles.map { path in zip(path.dropFirst(), path).map { $0 / $1 - 1 } }
        var within: [Double] = [], across: [Double] = []
        for first in 0..<20 {
            for second in (first + 1)..<20 {
                let value = Self.correlation(returns[first], returns[second])
                let isOneVenue = SimulatedInstrument.all[first].venue == SimulatedInstrument.all[second].venue
                if isOneVenue { within.append(value) } else { across.append(value) }
            }
        }
        let meanWithin = within.reduce(0, +) / Double(within.count)
        let meanAcross = across.reduce(0, +) / Double(across.count)
        #expect(meanWithin > 0.2 && meanWithin < 0.7)
        #expect(meanAcross > 0 && meanAcross < meanWithin)
    }

    @Test func `volume over the day is a U whose mean is the rate`() throws {
        let midnightNs = Self.noonNs - 12 * Self.hourNs
        let counts = (0..<24).map { hour in
            var count = 0
            run(model(rate: 100, startNs: midnightNs + Int64(hour) * Self.hourNs), forNs: 120_000_000_000) { _ in
                count += 1
            }
            return Double(count) / 120
        }
        let busiest = try #require(counts.max()), quietest = try #require(counts.min())
        #expect(busiest > 1.5 * quietest)
        #expect(counts.firstIndex(of: busiest) ?? 12 < 3 || counts.firstIndex(of: busiest) ?? 12 > 20)
        #expect((8...16).contains(counts.firstIndex(of: quietest) ?? 0))
        #expect(abs(counts.reduce(0, +) / 24 - 100) < 5)
    }

    @Test func `bursts happen: one instrument trades many times as often for seconds, and only when asked for`() {
        /// Seconds in which an instrument had more than ten times its mean.
        func bursts(intervalNs: Int64) -> Int {
            var counts = [[Int]](repeating: [Int](repeating: 0, count: 600), count: 20)
            let model = model(rate: 200, burstIntervalNs: intervalNs)
            let startNs = model.nowNs
            run(model, forNs: 600_000_000_000) { event in
                counts[event.instrument][min(599, Int((event.timeNs - startNs) / 1_000_000_000))] += 1
            }
            return counts.reduce(0) { total, seconds in
                let mean = Double(seconds.reduce(0, +)) / 600
                return total + seconds.count { Double($0) > 10 * mean && $0 > 20 }
            }
        }
        #expect(bursts(intervalNs: 30_000_000_000) >= 8)
        #expect(bursts(intervalNs: 0) == 0)
    }

    @Test func `prices stay near their anchors on a grid fine enough for a spread`() {
        for instrument in SimulatedInstrument.all {
            let ticks = instrument.price.steps(instrument.startPrice)
            #expect(abs(ticks - ticks.rounded()) < 1e-6, "\(instrument.instrument) starts on its grid")
            #expect(instrument.price.spacing / instrument.startPrice < 5e-4)
        }
        #expect(Set(SimulatedInstrument.all.map(\.instrument)).count == 20)
        #expect(SimulatedInstrument.all.count { $0.instrument.venue == "SIMX" } == 12)
    }

    private static func correlation(_ left: [Double], _ right: [Double]) -> Double {
        let count = Double(left.count)
        let meanLeft = left.reduce(0, +) / count, meanRight = right.reduce(0, +) / count
        var product = 0.0, squareLeft = 0.0, squareRight = 0.0
        for (x, y) in zip(left, right) {
            product += (x - meanLeft) * (y - meanRight)
            squareLeft += (x - meanLeft) * (x - meanLeft)
            squareRight += (y - meanRight) * (y - meanRight)
        }
        return product / (squareLeft * squareRight).squareRoot()
    }
}
