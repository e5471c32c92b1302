extension SimulatedTape {
    /// e to the power of `x` for small `x`, from additions and multiplications alone, so that every machine gives the
    /// same bits (libraries differ in the last one).
    static func exponential(_ x: Double) -> Double {
        // Halved until small, then a Taylor series, then squared back.
        let small = x / 16
        var term = 1.0
        var sum = 1.0
        for index in 1...10 {
            term = term * small / Double(index)
            sum += term
        }
        for _ in 0..<4 { sum *= sum }
        return sum
    }

    /// The natural logarithm of a number in 0..<=1, likewise.
    static func logarithm(_ x: Double) -> Double {
        guard x > 0 else { return -36 }
        // x = fraction · 2^exponent with a fraction near one, then the series of the inverse hyperbolic tangent.
        let ratio = (x.significand - 1.414_213_562_373_095) / (x.significand + 1.414_213_562_373_095)
        let square = ratio * ratio
        var power = ratio
        var sum = 0.0
        for index in 0..<12 {
            sum += power / Double(2 * index + 1)
            power *= square
        }
        return 2 * sum + (Double(x.exponent) + 0.5) * 0.693_147_180_559_945_3
    }
}
