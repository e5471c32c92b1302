internal import Glibc

/// A repeatable stream of random numbers for the simulated market.
///
/// - Source: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014 (SplitMix64).
struct SimulatorRandom: RandomNumberGenerator {
    private var state: UInt64
    private var spareGaussian: Double?

    /// - Parameters:
    ///   - seed: what the user chose.
    ///   - stream: a different number gives an independent stream of the same seed.
    init(seed: UInt64, stream: UInt64) {
        state = stream
        state = seed ^ next()
    }

    @inline(__always)
    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    /// Uniform in 0 ..< 1.
    @inline(__always)
    mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// Uniform in a range of numbers.
    @inline(__always)
    mutating func uniform(_ range: ClosedRange<Double>) -> Double {
        range.lowerBound + (range.upperBound - range.lowerBound) * uniform()
    }

    /// Exponential with mean 1, never zero.
    @inline(__always)
    mutating func exponential() -> Double { -log(Double((next() >> 11) + 1) * 0x1p-53) + 0x1p-60 }

    /// Normal with mean 0 and deviation 1.
    ///
    /// - Source: G. Marsaglia and T. A. Bray, "A convenient method for generating normal variables", 1964.
    mutating func gaussian() -> Double {
        if let spare = spareGaussian {
            spareGaussian = nil
            return spare
        }
        while true {
            let x = 2 * uniform() - 1
            let y = 2 * uniform() - 1
            let square = x * x + y * y
            guard square < 1, square > 0 else { continue }
            let scale = (-2 * log(square) / square).squareRoot()
            spareGaussian = y * scale
            return x * scale
        }
    }
}

/// A thousand draws of a log-normal number, so that taking one costs a look-up.
struct LogNormalTable {
    private let values: [Double]

    /// - Parameters:
    ///   - median: half of the values lie below.
    ///   - spread: deviation of the logarithm.
    ///   - range: what lies outside is moved to its bounds.
    init(median: Double, spread: Double, within range: ClosedRange<Double>) {
        var random = SimulatorRandom(seed: 0, stream: 0x4c6f_674e)
        values = (0..<1024).map { _ in
            min(max(median * exp(spread * random.gaussian()), range.lowerBound), range.upperBound)
        }
    }

    /// One of the values, by the lowest ten bits.
    @inline(__always)
    subscript(bits: UInt64) -> Double { values[Int(truncatingIfNeeded: bits & 1023)] }
}
