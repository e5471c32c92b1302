/// A path that looks like a random walk and can be asked at any time in any order: no state, so that a simulation
/// goes on after a restart where it would have been.
///
/// Layers of linear noise, each twice as fast as the one before and smaller by the square root of two, as the scaling
/// of a random walk asks. It stays within a few times its daily deviation for ever.
///
/// - Source: the layered noise of Perlin, "An image synthesizer", SIGGRAPH 1985, with random-walk scaling.
/// - Units: time in seconds, values in units of one day's deviation.
struct RoughPath {
    private let seed: UInt64
    private static let longestPeriod = 4.0 * 86_400
    private static let layers = 20

    init(seed: UInt64) { self.seed = seed }

    /// The value at a time of at least zero.
    func value(at seconds: Double) -> Double {
        var sum = 0.0
        var period = Self.longestPeriod
        for layer in 0..<Self.layers {
            let place = seconds / period
            let whole = place.rounded(.down)
            let cell = UInt64(whole)
            let left = node(layer, cell), right = node(layer, cell + 1)
            sum += (left + (right - left) * (place - whole)) * (period / 86_400).squareRoot()
            period /= 2
        }
        return sum
    }

    /// A number in -1...1 for a corner of a layer.
    private func node(_ layer: Int, _ cell: UInt64) -> Double {
        let bits = SplitMix.hash(seed &+ UInt64(layer) &* 0xd134_2543_de82_ef95, cell)
        return Double(Int64(bitPattern: bits)) * 0x1p-63
    }
}

/// The shape of a trading session: busy when it opens and closes, calm in the middle.
///
/// - Units: seconds; an intensity of one is the average.
struct SessionShape {
    /// Length of a session; the next one follows at once.
    let seconds: Double
    /// Share of the activity that comes and goes: 0 is flat, 1 is silent in the middle.
    let depth: Double

    /// How busy it is at a time.
    func intensity(at time: Double) -> Double {
        let centred = 2 * phase(time) - 1
        return 1 - depth + 3 * depth * centred * centred
    }

    /// Time as the market lives it: the integral of the intensity. A path read at this time moves more when it is busy.
    func businessTime(at time: Double) -> Double {
        let phase = phase(time)
        let centred = 2 * phase - 1
        let inside = (1 - depth) * phase + depth * (centred * centred * centred + 1) / 2
        return ((time / seconds).rounded(.down) + inside) * seconds
    }

    private func phase(_ time: Double) -> Double {
        let sessions = time / seconds
        return sessions - sessions.rounded(.down)
    }
}
