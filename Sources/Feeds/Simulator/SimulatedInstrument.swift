internal import Market

/// An invented instrument of the simulated market: its grid of prices and sizes, and how it behaves.
struct SimulatedInstrument {
    /// Market of the invented shares.
    static let shareVenue = "SIMX"
    /// Market of the invented coins.
    static let coinVenue = "SIMC"

    let instrument: Instrument
    /// Number of its venue, 0 or 1.
    let venue: Int
    let startPrice: Double
    let price: DecimalGrid
    let size: DecimalGrid
    /// Median size of a trade, in lots.
    let medianLots: Double
    /// Deviation of a day's return.
    let dailyVolatility: Double
    /// Place by activity, from 1.
    let activityRank: Double

    /// All of them, in the order of their numbers.
    static let all: [SimulatedInstrument] = [
        coin("ZORUSD", 64_250, DecimalGrid(step: 5, decimals: 1), DecimalGrid(step: 1, decimals: 4), 420, 0.030, 1),
        share("NOVAQ", 187.40, DecimalGrid(step: 1, decimals: 2), 90, 0.018, 2),
        share("BRAXO", 412.25, DecimalGrid(step: 5, decimals: 2), 40, 0.020, 3),
        coin("ELQUSD", 3_318, DecimalGrid(step: 25, decimals: 2), DecimalGrid(step: 1, decimals: 3), 610, 0.036, 4),
        share("QUILM", 64.18, DecimalGrid(step: 1, decimals: 2), 160, 0.022, 5),
        share("TARNU", 1_246.5, DecimalGrid(step: 25, decimals: 2), 12, 0.021, 6),
        coin("MYVUSD", 148.6, DecimalGrid(step: 2, decimals: 2), DecimalGrid(step: 1, decimals: 2), 540, 0.042, 7),
        share("KELPO", 98.72, DecimalGrid(step: 1, decimals: 2), 120, 0.015, 8),
        share("ZEPHO", 239.06, DecimalGrid(step: 2, decimals: 2), 60, 0.025, 9),
        coin("KUXUSD", 0.6134, DecimalGrid(step: 1, decimals: 4), DecimalGrid(step: 1, decimals: 0), 2_400, 0.045, 10),
        share("ORBUN", 31.55, DecimalGrid(step: 1, decimals: 2), 240, 0.026, 11),
        share("LUMEK", 152.9, DecimalGrid(step: 1, decimals: 2), 80, 0.017, 12),
        coin("TYRUSD", 27.45, DecimalGrid(step: 5, decimals: 3), DecimalGrid(step: 1, decimals: 1), 380, 0.044, 13),
        share("FJORN", 77.31, DecimalGrid(step: 1, decimals: 2), 110, 0.014, 14),
        share("DUNEX", 518.8, DecimalGrid(step: 10, decimals: 2), 25, 0.023, 15),
        coin("OSKUSD", 0.08215, DecimalGrid(step: 1, decimals: 5), DecimalGrid(step: 10, decimals: 0), 900, 0.050, 16),
        share("VYRRO", 45.83, DecimalGrid(step: 1, decimals: 2), 150, 0.028, 17),
        coin("WEFUSD", 6.127, DecimalGrid(step: 1, decimals: 3), DecimalGrid(step: 1, decimals: 1), 700, 0.047, 18),
        share("MIRDA", 122.64, DecimalGrid(step: 1, decimals: 2), 70, 0.016, 19),
        coin(
            "JINUSD", 0.00001942, DecimalGrid(step: 1, decimals: 9), DecimalGrid(step: 1000, decimals: 0), 1_900, 0.055,
            20),
    ]

    private static func share(
        _ symbol: String, _ startPrice: Double, _ price: DecimalGrid, _ medianLots: Double, _ dailyVolatility: Double,
        _ activityRank: Double
    ) -> SimulatedInstrument {
        SimulatedInstrument(
            instrument: Instrument(venue: shareVenue, symbol: symbol), venue: 0, startPrice: startPrice, price: price,
            size: DecimalGrid(step: 1, decimals: 0), medianLots: medianLots, dailyVolatility: dailyVolatility,
            activityRank: activityRank)
    }

    private static func coin(
        _ symbol: String, _ startPrice: Double, _ price: DecimalGrid, _ size: DecimalGrid, _ medianLots: Double,
        _ dailyVolatility: Double, _ activityRank: Double
    ) -> SimulatedInstrument {
        SimulatedInstrument(
            instrument: Instrument(venue: coinVenue, symbol: symbol), venue: 1, startPrice: startPrice, price: price,
            size: size, medianLots: medianLots, dailyVolatility: dailyVolatility, activityRank: activityRank)
    }
}

/// Numbers that are whole multiples of `step` in the last of `decimals` places: (5, 2) is 0.05, 0.10, 0.15 …
struct DecimalGrid: Equatable {
    let step: Int64
    let decimals: Int

    /// The distance of two neighbours.
    var spacing: Double { Double(step) / scale }
    /// How many steps a number is from zero.
    func steps(_ value: Double) -> Double { value * scale / Double(step) }

    private var scale: Double { (0..<decimals).reduce(1) { value, _ in value * 10 } }
}
