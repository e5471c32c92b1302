internal import Market

/// The configured indicators of all series of one feed, and what they remember.
///
/// - Shape: one row of doubles per series, the indicators' states one after the other.
/// - Threading: one owner at a time.
final class IndicatorBank {
    private let indicators: [any Indicator]
    /// First double of each indicator in a row.
    private let places: [Int]
    /// Doubles per row.
    let rowCount: Int
    private var rows = Slab<Double>()
    /// Start of each series' last bar.
    private var lastStarts = Slab<Int64>()

    init(_ specs: [IndicatorSpec]) {
        indicators = specs.map { $0.makeIndicator() }
        var places: [Int] = []
        var total = 0
        for indicator in indicators {
            places.append(total)
            total += indicator.stateCount
        }
        self.places = places
        rowCount = total
    }

    /// Makes room for `count` series.
    func grow(toSeries count: Int) {
        rows.grow(to: count * rowCount, filling: 0)
        lastStarts.grow(to: count, filling: .min)
    }

    /// Takes in a series' next final bar and appends the values that are complete; returns how many there were.
    ///
    /// A bar that starts before the one before it belongs to an earlier recording: the series begins anew.
    func update(series: Int, bar: Bar, into batch: IndicatorBatch) -> Int {
        if bar.startNs < lastStarts[series] { reset(series) }
        lastStarts[series] = bar.startNs
        var values = 0
        for index in 0..<indicators.count {
            let indicator = indicators[index]
            let value = rows.withSpan(first: series * rowCount + places[index], count: indicator.stateCount) { state in
                indicator.update(&state, with: bar)
            }
            guard let value, value.isFinite else { continue }
            batch.append(
                instrument: bar.instrument, priceType: bar.priceType, interval: bar.interval, startNs: bar.startNs,
                name: UInt8(index), value: value, journalOffset: bar.journalOffset)
            values += 1
        }
        return values
    }

    private func reset(_ series: Int) {
        for index in series * rowCount..<(series + 1) * rowCount { rows[index] = 0 }
    }

    // MARK: Checkpoint

    /// Start of a series' last bar; the smallest integer before the first.
    func lastStartNs(_ series: Int) -> Int64 { lastStarts[series] }

    /// One double of what a series' indicators remember.
    func value(_ series: Int, _ place: Int) -> Double { rows[series * rowCount + place] }

    /// Puts back what a series' indicators remembered.
    func restore(_ series: Int, lastStartNs: Int64, row: [Double]) {
        precondition(row.count == rowCount, "a row of \(rowCount)")
        lastStarts[series] = lastStartNs
        for (place, value) in row.enumerated() { rows[series * rowCount + place] = value }
    }
}
