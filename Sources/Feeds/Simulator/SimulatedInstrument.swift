/// What is known about an instrument of the simulated market.
struct SimulatedInstrument {
    let venue: String
    let symbol: String
    /// Where its price is at home.
    let price: Double
    /// Decimals of prices; the tick size is one in the last of them.
    let priceDecimals: Int
    /// Decimals of sizes.
    let sizeDecimals: Int
    /// Typical size in units of its last decimal.
    let typicalSize: Int
    /// Deviation of the logarithm of the price over a day that is its own.
    let ownDeviation: Double
    /// How strongly it follows the market.
    let beta: Double
    /// Share of the events, before the shape of the day.
    let weight: Double
    /// Half of the usual distance of bid and ask, in ticks.
    let halfSpreadTicks: Double

    /// Two venues: stock-like instruments on SIMX, crypto-like ones on SIMC. All are made up.
    static let all: [SimulatedInstrument] = stocks + coins

    private static let stocks: [SimulatedInstrument] = [
        ("ACME", 182.4, 1.0, 9.0), ("BOLT", 47.15, 1.3, 5.0), ("CIRQ", 311.8, 1.5, 7.0), ("DYNE", 28.6, 0.7, 3.0),
        ("EMBR", 96.3, 1.1, 4.0), ("FLUX", 512.2, 1.7, 8.0), ("GRID", 64.9, 0.5, 2.5), ("HELI", 139.7, 1.2, 3.5),
        ("IONX", 21.35, 1.9, 6.0), ("JADE", 75.8, 0.8, 2.0), ("KITE", 233.1, 1.0, 3.0), ("LYRA", 14.9, 1.4, 4.5),
    ].map { symbol, price, beta, weight in
        SimulatedInstrument(
            venue: "SIMX", symbol: symbol, price: price, priceDecimals: 2, sizeDecimals: 0, typicalSize: 120,
            ownDeviation: 0.012, beta: beta, weight: weight, halfSpreadTicks: 0.6 + price / 200)
    }

    private static let coins: [SimulatedInstrument] = [
        ("AURUSD", 64_210.0, 1.0, 16.0), ("BYTUSD", 3_105.5, 1.3, 12.0), ("CORUSD", 148.25, 1.6, 6.0),
        ("DRKUSD", 71.4, 1.2, 3.0), ("ETRUSD", 0.5835, 1.4, 4.0), ("FORUSD", 27.85, 1.1, 2.5),
        ("GAMUSD", 6.412, 1.8, 3.5), ("HALUSD", 0.0931, 2.0, 2.5),
    ].map { symbol, price, beta, weight in
        let decimals = price > 1000 ? 2 : price > 10 ? 3 : 5
        return SimulatedInstrument(
            venue: "SIMC", symbol: symbol, price: price, priceDecimals: decimals, sizeDecimals: price > 1000 ? 4 : 1,
            typicalSize: price > 1000 ? 900 : max(20, Int(20_000 / price)), ownDeviation: 0.03, beta: beta * 2.2,
            weight: weight, halfSpreadTicks: price > 1000 ? 4 : 3)
    }

    /// Ten to the power of `priceDecimals`.
    var ticksPerUnit: Double { Self.powers[priceDecimals] }
    private static let powers: [Double] = [1, 10, 100, 1e3, 1e4, 1e5, 1e6]

    /// Stocks live in sessions of eight hours, so that one is always open; coins by a flatter day.
    var shape: SessionShape {
        venue == "SIMX" ? SessionShape(seconds: 8 * 3600, depth: 0.6) : SessionShape(seconds: 86_400, depth: 0.25)
    }
}
