internal import Glibc
internal import Market
internal import Platform

/// Finds bars that contradict themselves or their neighbours in the same answer.
///
/// What cannot be seen here: prices that are wrong and yet near their neighbours, and adjustments that are consistent
/// with a wrong dividend.
enum BarSeriesCheck {
    /// Open or close outside of low and high: thinly traded instruments have many such bars, whose other values are good.
    static func range(_ bar: VendorBar) -> AnswerFault? {
        // Vendors compute with 32-bit numbers; a price may differ from itself by that much.
        let noise = 1e-6 * bar.close
        for (name, value) in [("open", bar.open), ("close", bar.close)] {
            guard value <= bar.high + noise, value >= bar.low - noise else {
                let what = "\(name) \(value) lies outside low \(bar.low) and high \(bar.high)"
                return AnswerFault(.inconsistent, what + "; the bar is kept as it is stated")
            }
        }
        return nil
    }

    /// A bar of which prices are in different units.
    static func units(_ bar: VendorBar) -> AnswerFault? {
        isFactor(bar.high / bar.low, 100)
            ? AnswerFault(.implausible, "high \(bar.high) is about 100 times low \(bar.low)") : nil
    }

    /// Bars whose prices are about 100 times those of most others, or a hundredth (pence among pounds), or off by the
    /// ratio of a split of the same answer.
    ///
    /// A step between neighbours by such a factor leads to another level, unless the split was on that day; the level
    /// with the most bars is taken as the right one.
    ///
    /// - Parameters:
    ///   - bars: in the order of time.
    ///   - splits: ratios by the start of their bar.
    static func levels(_ bars: [VendorBar], splits: [Int64: Double]) -> [Int: AnswerFault] {
        var factors = [100.0]
        for ratio in splits.values {
            let factor = max(ratio, 1 / ratio)
            // A smaller step may be a real one.
            if factor >= 3, !factors.contains(where: { isFactor($0, factor) }) { factors.append(factor) }
        }
        var level = 0.0
        var levels: [Double] = []
        for (index, bar) in bars.enumerated() {
            let step = index > 0 ? bar.close / bars[index - 1].close : 1
            // Where prices are not adjusted, a split moves them on its day.
            if !isFactor(step * (splits[bar.startNs] ?? 0), 1) {
                if let factor = factors.first(where: { isStep(step, $0) || isStep(1 / step, $0) }) {
                    level += step > 1 ? log2(factor) : -log2(factor)
                }
            }
            levels.append((level * 1000).rounded() / 1000)
        }
        var counts: [Double: Int] = [:]
        for level in levels { counts[level, default: 0] += 1 }
        guard counts.count > 1, let most = counts.values.max(), let right = levels.first(where: { counts[$0] == most })
        else { return [:] }
        var faults: [Int: AnswerFault] = [:]
        for (index, level) in levels.enumerated() where level != right {
            let factor = exp2(abs(level - right)).rounded()
            // A ratio of a split may be any number.
            let times = Int(exactly: factor).map { "\($0)" } ?? "\(factor)"
            let what = level > right ? "\(times) times" : "1/\(times) of"
            faults[index] = AnswerFault(
                .implausible, "close \(bars[index].close) is about \(what) the prices of most other bars")
        }
        return faults
    }

    /// Dividends that the adjusted closes do not show as they should: then one of the two is wrong.
    ///
    /// - Parameters:
    ///   - bars: of a day or shorter, in the order of time.
    ///   - dividends: amounts by the start of their bar.
    /// - Source: adjusted closes before an ex-dividend day are multiplied by 1 − dividend / close of the day before
    ///   (CRSP, "Data Descriptions Guide", factor to adjust price).
    static func dividends(_ bars: [VendorBar], _ dividends: [Int64: Double]) -> [Int: AnswerFault] {
        var faults: [Int: AnswerFault] = [:]
        for index in bars.indices.dropFirst() {
            let (before, bar) = (bars[index - 1], bars[index])
            guard let amount = dividends[bar.startNs], amount > 0, !before.adjustedClose.isNaN,
                !bar.adjustedClose.isNaN, bar.split == 1
            else { continue }
            let expected = 1 - amount / before.close
            let found = (before.adjustedClose / before.close) / (bar.adjustedClose / bar.close)
            guard abs(found - expected) > 0.5 * (1 - expected) + 0.002 else { continue }
            faults[index] = AnswerFault(
                .implausible,
                "dividend \(amount) asks for an adjustment by \(rounded(expected)), adjusted closes show \(rounded(found))"
            )
        }
        return faults
    }

    private static func rounded(_ value: Double) -> Double { (value * 10_000).rounded() / 10_000 }

    /// Whether a price went from one level to another. The larger the factor, the less it can be a price that moved, and
    /// the fewer digits a price has that was divided by it.
    private static func isStep(_ ratio: Double, _ factor: Double) -> Bool {
        let tolerance = factor < 1000 ? 1.25 : factor.squareRoot().squareRoot()
        return ratio > factor / tolerance && ratio < factor * tolerance
    }

    /// Whether two ratios are the same but for what a price moves in a day.
    private static func isFactor(_ ratio: Double, _ factor: Double) -> Bool {
        ratio > 0.8 * factor && ratio < 1.25 * factor
    }
}
