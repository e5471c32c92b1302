internal import Glibc
internal import Platform

/// The stream of client operations, cut into slots of a tenth of a second: what happens in a slot follows from the seed,
/// the rate and the slot's number alone, so that the same stream comes out wherever it is started.
///
/// Operations arrive independently of each other. Each goes to an exchange by weight, most of them to those that are open;
/// to a symbol of it by popularity (Zipf); it is made by one of a few thousand clients, some of whom are busier.
/// - Threading: one thread at a time.
final class TransactionStream {
    /// Length of a slot.
    static let slotNs: Int64 = 100_000_000
    /// Most rows of a frame.
    static let rowsPerFrame = 200
    private static let clients = 5000

    private let seed: UInt64
    private let meanGapNs: Double
    private let badShare: Double
    private let repeatShare: Double
    /// Names as they stand in JSON, quotes included.
    private let names: [[UInt8]]
    private let popularity: [[Double]]
    private let writer = TransactionRowWriter()

    /// - Parameters:
    ///   - rate: operations per second.
    ///   - badShare: part of the rows that break a rule.
    ///   - repeatShare: part of the operations that are delivered twice.
    init(seed: UInt64, rate: Double, badShare: Double, repeatShare: Double) {
        self.seed = seed
        meanGapNs = 1e9 / rate
        self.badShare = badShare
        self.repeatShare = repeatShare
        names = PersonNames.make(Self.clients, seed: seed).map { Array(JSONText.quoted($0).utf8) }
        popularity = TransactionExchange.all.map { exchange in
            var sum = 0.0
            return exchange.symbols.indices.map { rank in
                sum += pow(Double(rank + 1), -1.1)
                return sum
            }
        }
    }

    /// The frames of a slot, in order: lines of JSON. Most slots of a slow stream have none.
    ///
    /// - Parameter slot: the slot's start, in slots since 1970 UTC.
    func frames(_ slot: Int64) -> [[UInt8]] {
        var random = SimulatorRandom(seed: seed, stream: UInt64(bitPattern: slot))
        let startNs = slot * Self.slotNs
        let exchanges = openExchanges(atNs: startNs)
        var frames: [[UInt8]] = []
        var frame: [UInt8] = []
        var rows = 0
        func close() {
            frames.append(frame)
            frame = []
            rows = 0
        }
        var ofSlot = random.exponential() * meanGapNs
        while ofSlot < Double(Self.slotNs) {
            let operation = operation(atNs: startNs + Int64(ofSlot), exchanges, &random)
            let isBad = random.uniform() < badShare
            let begin = frame.count
            if isBad {
                writer.append(operation, flaw: TransactionFlaw.allCases.randomElement(using: &random), to: &frame)
            } else {
                writer.append(operation, flaw: nil, to: &frame)
            }
            rows += 1
            if random.uniform() < repeatShare, !isBad {
                frame += Array(frame[begin...])
                rows += 1
            }
            if rows >= Self.rowsPerFrame { close() }
            ofSlot += random.exponential() * meanGapNs
        }
        if rows > 0 { close() }
        return frames
    }

    /// Weights of the exchanges at a moment, each added to those before.
    private func openExchanges(atNs timeNs: Int64) -> [Double] {
        var sum = 0.0
        return TransactionExchange.all.map { exchange in
            sum += exchange.weight * (exchange.isOpen(atNs: timeNs) ? 1 : TransactionExchange.closedShare)
            return sum
        }
    }

    private func operation(
        atNs timeNs: Int64, _ exchanges: [Double], _ random: inout SimulatorRandom
    ) -> TransactionOperation {
        let place = Self.pick(exchanges, &random)
        let exchange = TransactionExchange.all[place]
        let rank = Self.pick(popularity[place], &random)
        let symbol = exchange.symbols[rank]
        let busy = random.uniform()
        let price =
            price(symbol.price, phase: Double(place * 64 + rank), atNs: timeNs) * (1 + 0.0004 * random.gaussian())
        let scale = Self.powers[decimals(exchange, symbol.price)]
        return TransactionOperation(
            identifier: (random.next(), random.next()), name: names[Int(busy * busy * Double(names.count))],
            symbol: symbol.ticker, timeNs: timeNs, exchange: exchange.name, currency: exchange.currency,
            price: max(1, Int64((price * Double(scale)).rounded())), decimals: decimals(exchange, symbol.price),
            isPurchase: random.uniform() < 0.53)
    }

    private static let powers: [Int64] = [1, 10, 100, 1000, 10_000]

    /// Cheap papers have finer prices.
    private func decimals(_ exchange: TransactionExchange, _ price: Double) -> Int {
        price < 1 ? 4 : exchange.decimals
    }

    /// A price that wanders over months, days and hours.
    private func price(_ base: Double, phase: Double, atNs timeNs: Int64) -> Double {
        let hours = Double(timeNs) / 3.6e12
        let offset = phase + Double(seed % 1000)
        let wave = 0.09 * sin(hours / 340 + offset) + 0.03 * sin(hours / 19 + 1.7 * offset)
        return base * exp(wave + 0.006 * sin(hours * 2.1 + 2.3 * offset))
    }

    /// A place by weights that were added up.
    private static func pick(_ sums: [Double], _ random: inout SimulatorRandom) -> Int {
        let value = random.uniform() * (sums.last ?? 0)
        return sums.firstIndex { value < $0 } ?? sums.count - 1
    }
}
