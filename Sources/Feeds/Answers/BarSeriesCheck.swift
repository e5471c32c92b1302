internal import Glibc
internal import Market
internal import Platform

/// Finds bars that contradict themselves or their neighbours in the same answer.
///
/// What cannot be seen here: prices that are wrong and yet near their neighbours, and adjustments that are consistent
/// with a wrong dividend.
enum BarSeriesCheck {
    /// Whether there may be anything odd about a bar by itself: what is cheap to see.
    static func isOdd(_ bar: VendorBar) -> Bool {
        let noise = 1e-6 * bar.close
        let (low, high) = (bar.low - noise, bar.high + noise)
        return bar.open > high || bar.open < low || bar.close > high || bar.close < low || bar.high > 50 * bar.low
    }

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
    ///   - splits: ratios by the place of their bar.
    /// - Returns: by place.
    static func levels(_ bars: ArraySlice<VendorBar>, splits: [Int: Double]) -> [Int: AnswerFault] {
        guard hasStep(bars) else { return [:] }
        var factors = [100.0]
        for (_, ratio) in splits.sorted(by: { $0.key < $1.key }) {
            let factor = max(ratio, 1 / ratio)
            // A smaller step may be a real one.
            if factor >= 3, !factors.contains(where: { isFactor($0, factor) }) { factors.append(factor) }
        }
        var level = 0.0
        var levels: [Double] = []
        for index in bars.indices {
            let step = index > bars.startIndex ? bars[index].close / bars[index - 1].close : 1
            // Where prices are not adjusted, a split moves them on its day.
            if !isFactor(step * (splits[index] ?? 0), 1) {
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
        for (index, level) in zip(bars.indices, levels) where level != right {
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
    ///   - dividends: amounts by the place of their bar.
    /// - Returns: by place.
    /// - Source: adjusted closes before an ex-dividend day are multiplied by 1 − dividend / close of the day before
    ///   (CRSP, "Data Descriptions Guide", factor to adjust price).
    static func dividends(_ bars: ArraySlice<VendorBar>, _ dividends: [Int: Double]) -> [Int: AnswerFault] {
        var faults: [Int: AnswerFault] = [:]
        for (index, amount) in dividends where index > bars.startIndex {
            let (before, bar) = (bars[index - 1], bars[index])
            guard amount > 0, !before.adjustedClose.isNaN, !bar.adjustedClose.isNaN, bar.split == 1 else { continue }
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

    /// Whether a close is twice or half the one before anywhere: the steps between levels are larger.
    private static func hasStep(_ bars: ArraySlice<VendorBar>) -> Bool {
        unsafe bars.withUnsafeBufferPointer { bars in
            var found = false
            for index in bars.indices.dropFirst() {
                let (before, close) = unsafe (bars[index - 1].close, bars[index].close)
                found = found || close > 2 * before || before > 2 * close
            }
            return found
        }
    }

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
