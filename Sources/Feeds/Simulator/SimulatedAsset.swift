internal import Glibc

/// What the market model keeps of one instrument.
struct SimulatedAsset {
    /// Number of its venue.
    let venue: Int
    /// Its share of the arrivals.
    private let weight: Double
    /// Deviation of a step's return at mean volatility.
    private let stepVolatility: Double
    /// Parts of the factors in a return; their squares add up to 1.
    private let commonLoad: Double
    private let venueLoad: Double
    private let ownLoad: Double
    private let medianLots: Double
    /// The price that it is drawn back to over weeks, in ticks.
    private let anchor: Double
    /// The price behind the quotes, in ticks.
    private(set) var middle: Double
    /// In ticks; 0 before the first quote.
    private(set) var bid: Int64 = 0
    /// In ticks.
    private(set) var ask: Int64 = 0
    var lastTradeID: Int64
    var burst: Burst?

    init(_ instrument: SimulatedInstrument, totalWeight: Double, resume: SimulatorState.LastTrade?) {
        venue = instrument.venue
        weight = Self.weight(instrument) / totalWeight
        stepVolatility =
            instrument.dailyVolatility * (Double(MarketModel.stepNs) / 86_400_000_000_000).squareRoot()
        // Loads differ a little between instruments, and neighbours in the list do not look alike.
        let lean = 0.85 + 0.3 * (instrument.activityRank * 0.618).truncatingRemainder(dividingBy: 1)
        commonLoad = 0.38 * lean
        venueLoad = 0.55 * lean
        ownLoad = (1 - commonLoad * commonLoad - venueLoad * venueLoad).squareRoot()
        medianLots = instrument.medianLots
        anchor = instrument.price.steps(instrument.startPrice)
        middle = instrument.price.steps(resume?.price ?? instrument.startPrice)
        lastTradeID = resume?.tradeID ?? 0
    }

    /// Activity by rank, a power law.
    static func weight(_ instrument: SimulatedInstrument) -> Double { 1 / pow(instrument.activityRank, 0.8) }

    /// Its weight among the arrivals now.
    var currentWeight: Double { burst.map { weight * $0.factor } ?? weight }
    /// Chance that a trade is a purchase.
    var buyShare: Double { burst.map { $0.stepReturn > 0 ? 0.85 : 0.15 } ?? 0.5 }
    /// True while the price lies between bid and ask.
    var isQuoteCurrent: Bool { bid > 0 && Double(bid) <= middle && middle <= Double(ask) }

    /// A size in lots, at least one.
    @inline(__always)
    func lots(_ medians: Double) -> Int64 { max(1, Int64(medians * medianLots + 0.5)) }

    /// Puts bid and ask around the price.
    mutating func renewQuote(spread: Int64) {
        bid = max(1, Int64(middle - Double(spread - 1) / 2))
        ask = bid + spread
    }

    /// One step of the random walk.
    mutating func move(common: Double, venue: Double, own: Double, scale: Double, atNs timeNs: Int64) {
        if let burst, timeNs >= burst.endNs { self.burst = nil }
        let shock = commonLoad * common + venueLoad * venue + ownLoad * own
        // Half of a distance from the anchor is gone after about two weeks.
        let pull = 5e-8 * max(-1, min(1, 1 - middle / anchor))
        let change = stepVolatility * scale * shock + pull + (burst?.stepReturn ?? 0)
        // At least ten ticks, so that a spread always fits below.
        middle = max(10, middle * (1 + change))
    }
}

/// A volatility that wanders around its mean.
struct VolatilityProcess {
    /// Logarithm in relation to the mean.
    private var level = 0.0
    private static let deviation = 0.3
    /// Steps after which a deviation has shrunk to 1/e: a quarter of an hour.
    private static let memorySteps = 9000.0

    /// One step; returns the factor that holds now.
    ///
    /// - Source: G. E. Uhlenbeck and L. S. Ornstein, "On the theory of the Brownian motion", 1930.
    mutating func advance(_ random: inout SimulatorRandom) -> Double {
        level +=
            -level / Self.memorySteps
            + Self.deviation * (2 / Self.memorySteps).squareRoot() * random.gaussian()
        return exp(level - Self.deviation * Self.deviation / 2)
    }
}

/// Seconds in which one instrument trades many times as often and moves one way.
struct Burst {
    let endNs: Int64
    /// How many times as often.
    let factor: Double
    /// Part of the move in each step.
    let stepReturn: Double

    private static let factors = 20.0...50.0
    private static let seconds = 1.0...3.0
    private static let moves = 0.0015...0.005
    static let meanFactor = (factors.lowerBound + factors.upperBound) / 2
    static let meanSteps =
        (seconds.lowerBound + seconds.upperBound) / 2 * 1e9 / Double(MarketModel.stepNs)

    init(startNs: Int64, _ random: inout SimulatorRandom) {
        let lengthNs = random.uniform(Self.seconds) * 1e9
        endNs = startNs + Int64(lengthNs)
        factor = random.uniform(Self.factors)
        let move = random.uniform(Self.moves) * (random.uniform() < 0.5 ? -1 : 1)
        stepReturn = move * Double(MarketModel.stepNs) / lengthNs
    }
}
