internal import Glibc
internal import Market

/// The simulated market: prices that move together, and the trades and quotes that come of it, in the order of time.
///
/// Prices follow geometric random walks on steps of a tenth of a second, made of a factor common to all, one per venue
/// and one of their own, with a volatility per venue that returns to its mean and follows the hour of the day. Events
/// arrive as a Poisson process; which instrument is next follows a power law. Now and then one instrument bursts.
/// Pure: the same seed, start and state give the same events.
struct MarketModel {
    /// Steps of prices and intensities.
    static let stepNs: Int64 = 100_000_000
    /// Share of arrivals that are trades; a trade whose quote is out of date sends a new quote ahead.
    private static let tradeShare = 0.45

    /// Moment up to which events were made, in nanoseconds since 1970 UTC.
    private(set) var nowNs: Int64
    private var stepStartNs: Int64
    private var assets: [SimulatedAsset]
    private var random: SimulatorRandom
    private var volatility = [VolatilityProcess(), VolatilityProcess()]
    private let sizes = LogNormalTable(median: 1, spread: 0.9, within: 0.01...40)
    /// Events per nanosecond of an instrument with weight 1 at mean activity.
    private let ratePerNs: Double
    /// Chance of a burst in one step.
    private let burstChance: Double
    /// The same per nanosecond, now, over all.
    private var intensity = 0.0
    /// Sums of the weights up to each instrument, bursts included.
    private var cumulativeWeights: [Double]
    /// Expected events until the next one.
    private var untilNext: Double
    /// The instrument whose quote was just renewed for a trade.
    private var awaitingTrade: Int?

    /// - Parameters:
    ///   - rate: events per second, averaged over a day.
    ///   - burstIntervalNs: mean time between bursts; 0 for none.
    ///   - startNs: no event is earlier.
    init(seed: UInt64, rate: Double, burstIntervalNs: Int64, startNs: Int64, resume: SimulatorState? = nil) {
        // Whole microseconds, and later than the last event of the session before.
        let start = (startNs / 1000 + 1) * 1000
        random = SimulatorRandom(seed: seed, stream: UInt64(bitPattern: start))
        nowNs = start
        stepStartNs = start
        burstChance = burstIntervalNs > 0 ? Double(Self.stepNs) / Double(burstIntervalNs) : 0
        let total = SimulatedInstrument.all.reduce(0) { $0 + SimulatedAsset.weight($1) }
        assets = SimulatedInstrument.all.map { instrument in
            SimulatedAsset(instrument, totalWeight: total, resume: resume?.lastTrades[instrument.instrument])
        }
        cumulativeWeights = [Double](repeating: 0, count: assets.count)
        // Bursts add to the mean, which shall be the rate asked for.
        let extra = burstChance * Burst.meanSteps * (Burst.meanFactor - 1) / Double(assets.count)
        ratePerNs = rate / 1e9 / (1 + extra)
        untilNext = random.exponential()
        beginStep()
    }

    /// The next event; nil where a step of prices ended before one (`nowNs` has moved on either way).
    mutating func next() -> SimulatedEvent? {
        let stepEndNs = stepStartNs + Self.stepNs
        let gapNs = untilNext / intensity
        let roomNs = Double(stepEndNs - nowNs)
        guard gapNs < roomNs else {
            untilNext -= roomNs * intensity
            stepStartNs = stepEndNs
            nowNs = stepEndNs
            beginStep()
            return nil
        }
        nowNs += Int64(gapNs)
        untilNext = random.exponential()
        if let index = awaitingTrade {
            awaitingTrade = nil
            return trade(index)
        }
        let index = arrival()
        guard random.uniform() < Self.tradeShare else { return quote(index) }
        if assets[index].isQuoteCurrent { return trade(index) }
        awaitingTrade = index
        return quote(index)
    }

    /// Draws the instrument that is next.
    private mutating func arrival() -> Int {
        let target = random.uniform() * cumulativeWeights[cumulativeWeights.count - 1]
        var index = 0
        while index < cumulativeWeights.count - 1, cumulativeWeights[index] <= target { index += 1 }
        return index
    }

    private mutating func trade(_ index: Int) -> SimulatedEvent {
        let bits = random.next()
        let isBuy = Double(bits >> 40) * 0x1p-24 < assets[index].buyShare
        assets[index].lastTradeID += 1
        return SimulatedEvent(
            instrument: index, timeNs: nowNs / 1000 * 1000, tradeID: assets[index].lastTradeID, isBuy: isBuy,
            price: isBuy ? assets[index].ask : assets[index].bid, size: assets[index].lots(sizes[bits]))
    }

    private mutating func quote(_ index: Int) -> SimulatedEvent {
        let bits = random.next()
        let spread: Int64 =
            switch bits >> 56 {
            case 0..<141: 1
            case 141..<210: 2
            case 210..<241: 3
            default: 4
            }
        assets[index].renewQuote(spread: spread)
        return SimulatedEvent(
            instrument: index, timeNs: nowNs / 1000 * 1000, price: assets[index].bid,
            size: assets[index].lots(4 * sizes[bits]), ask: assets[index].ask,
            askSize: assets[index].lots(4 * sizes[bits >> 10]))
    }

    /// Moves all prices by one step and sets what holds until the next.
    private mutating func beginStep() {
        let activity = IntradayShape.activity(atNs: stepStartNs)
        let common = random.gaussian()
        let hourly = activity.squareRoot()
        let factors = (random.gaussian(), random.gaussian())
        let scales = (hourly * volatility[0].advance(&random), hourly * volatility[1].advance(&random))
        if burstChance > 0, random.uniform() < burstChance {
            assets[Int.random(in: assets.indices, using: &random)].burst = Burst(startNs: stepStartNs, &random)
        }
        var sum = 0.0
        for index in assets.indices {
            let isFirst = assets[index].venue == 0
            let own = random.gaussian()
            assets[index].move(
                common: common, venue: isFirst ? factors.0 : factors.1, own: own, scale: isFirst ? scales.0 : scales.1,
                atNs: stepStartNs)
            sum += assets[index].currentWeight
            cumulativeWeights[index] = sum
        }
        intensity = ratePerNs * activity * sum
    }
}
