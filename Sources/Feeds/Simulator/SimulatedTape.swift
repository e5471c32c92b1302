/// The events of the simulated market, step by step.
///
/// What happens in a step is a function of the seed and of the step's place since 1970 alone, whoever asks and
/// whenever; only trade ids count from the start of the session, and events that were late when a session ended are
/// not delivered by the next.
///
/// - Order: by the time of delivery. Two to three percent of the events come up to 1.5 s late.
struct SimulatedTape {
    /// One event, with prices in ticks and sizes in units of the last decimal.
    struct Event {
        enum Kind {
            case trade(isBuy: Bool)
            case quote
        }
        let instrument: Int
        let kind: Kind
        /// Nanoseconds since 1970, whole microseconds.
        let timeNs: Int64
        /// Price and size of a trade, or of the bid.
        let price: Int64
        let size: Int64
        let askPrice: Int64
        let askSize: Int64
    }

    /// Length of a step.
    static let stepNs: Int64 = 20_000_000
    private static let lateShare = 0.025
    private static let latestSteps = 75
    /// Now and then an instrument is this much busier for a while.
    private static let burstFactor = 12.0
    private static let burstShare = 0.006
    private static let burstNs: Int64 = 2_000_000_000

    let instruments = SimulatedInstrument.all
    private let seed: UInt64
    private let eventsPerStep: Double
    private let market: RoughPath
    private let own: [RoughPath]
    private let meanWeight: Double
    /// Events to be delivered by the steps to come, by place modulo its length.
    private var late: [[Event]]
    /// The next step.
    private(set) var step: Int64
    private var weights: [Double]
    private var middles: [Double]

    /// - Parameters:
    ///   - rate: events per second, on average over a day.
    ///   - startNs: when it starts, in nanoseconds since 1970; the step that contains it is the first.
    init(seed: UInt64, rate: Double, startNs: Int64) {
        self.seed = SplitMix.mixed(seed)
        eventsPerStep = rate * Double(Self.stepNs) / 1e9
        market = RoughPath(seed: SplitMix.hash(self.seed, 1000))
        own = instruments.indices.map { RoughPath(seed: SplitMix.hash(SplitMix.mixed(seed), UInt64($0))) }
        let burstMean = 1 + Self.burstShare * (Self.burstFactor - 1)
        meanWeight = instruments.reduce(0) { $0 + $1.weight } * burstMean
        late = Array(repeating: [], count: Self.latestSteps + 1)
        step = startNs / Self.stepNs
        weights = instruments.map(\.weight)
        middles = instruments.map(\.price)
    }

    /// When the next step is over, in nanoseconds since 1970.
    var endOfStepNs: Int64 { (step + 1) * Self.stepNs }

    /// Lets the next step happen and appends what is delivered in it.
    mutating func advance(into events: inout [Event]) {
        let slot = Int(step % Int64(late.count))
        events.append(contentsOf: late[slot])
        late[slot].removeAll(keepingCapacity: true)
        var random = SplitMix(seed: SplitMix.hash(seed, UInt64(step)))
        let total = prepare()
        let mean = eventsPerStep * total / meanWeight
        // A count with the mean and the spread of a Poisson distribution.
        let spread = (random.unit() + random.unit() + random.unit() + random.unit() - 2) * (3 * mean).squareRoot()
        let count = max(0, Int(mean + spread + random.unit()))
        var timeUs: Int64 = 0
        let gapUs = Double(Self.stepNs / 1000) / Double(count + 1)
        for _ in 0..<count {
            timeUs += Int64(gapUs * (0.1 + 0.9 * random.unit()))
            let event = event(pick(random.unit() * total), step * Self.stepNs + timeUs * 1000, &random)
            if random.unit() < Self.lateShare {
                late[Int((step + 1 + Int64(random.below(Self.latestSteps))) % Int64(late.count))].append(event)
            } else {
                events.append(event)
            }
        }
        step += 1
    }

    /// Prices and activities of this step; returns the sum of the activities.
    private mutating func prepare() -> Double {
        let seconds = Double(step * Self.stepNs) / 1e9
        let burst = UInt64(step * Self.stepNs / Self.burstNs)
        var total = 0.0
        for (index, instrument) in instruments.enumerated() {
            let shape = instrument.shape
            let lived = shape.businessTime(at: seconds)
            let move = instrument.beta * 0.008 * market.value(at: lived) + instrument.ownDeviation * own[index].value(at: lived)
            middles[index] = instrument.price * Self.exponential(move) * instrument.ticksPerUnit
            let isBurst = Double(SplitMix.hash(seed ^ UInt64(index), burst) >> 11) * 0x1p-53 < Self.burstShare
            weights[index] = instrument.weight * shape.intensity(at: seconds) * (isBurst ? Self.burstFactor : 1)
            total += weights[index]
        }
        return total
    }

    private func pick(_ mark: Double) -> Int {
        var left = mark
        for index in weights.indices {
            left -= weights[index]
            if left < 0 { return index }
        }
        return weights.count - 1
    }

    private func event(_ index: Int, _ timeNs: Int64, _ random: inout SplitMix) -> Event {
        let instrument = instruments[index]
        let half = instrument.halfSpreadTicks * (0.6 + 0.8 * random.unit())
        let bid = max(1, Int64((middles[index] - half).rounded(.down)))
        let ask = max(bid + 1, Int64((middles[index] + half).rounded(.up)))
        func size(_ random: inout SplitMix) -> Int64 {
            // Many small, few large: an exponential distribution, stocks mostly in round lots.
            let raw = -Self.logarithm(1 - random.unit()) * Double(instrument.typicalSize)
            let size = max(1, Int64(raw))
            return instrument.sizeDecimals == 0 && size > 50 ? (size + 50) / 100 * 100 : size
        }
        if random.unit() < 0.4 {
            let isBuy = random.unit() < 0.5
            return Event(
                instrument: index, kind: .trade(isBuy: isBuy), timeNs: timeNs, price: isBuy ? ask : bid,
                size: size(&random), askPrice: 0, askSize: 0)
        }
        return Event(
            instrument: index, kind: .quote, timeNs: timeNs, price: bid, size: size(&random) * 3, askPrice: ask,
            askSize: size(&random) * 3)
    }
}
