internal import Market

/// A bar that can still change.
///
/// Sums carry their rounding error along, so that volume and vwap do not depend on the order of the events beyond the
/// last bit, however many there are.
/// - Shape: 128 bytes, two cache lines.
struct OpenBar: BitwiseCopyable {
    var startNs: Int64
    /// Event times of the first and the last price so far.
    var openTimeNs: Int64
    var closeTimeNs: Int64
    var open: Double
    var high: Double
    var low: Double
    var close: Double
    var volume: CompensatedSum
    /// Price times size.
    var notional: CompensatedSum
    var trades: Int64
    /// Journal offset of the last change.
    var journalOffset: Int64
    /// Place in the table of series; negative where the slot is free.
    var series: Int32
    /// Changes after the end had been reached.
    var revision: Int32
    /// Slot of the series' next older open bar, or of the next free slot; negative where there is none.
    var older: Int32
    /// Slot of the bar that was opened next among those of the same end; negative where there is none.
    var next: Int32
    /// The round of change reports that already knows of this slot; stays when the slot is used again.
    var reportRound: UInt32
    /// Whole seconds from start to end.
    private let seconds: UInt32

    /// From start to end.
    @inline(__always)
    var lengthNs: Int64 { Int64(truncatingIfNeeded: seconds) &* 1_000_000_000 }
    var endNs: Int64 { startNs + lengthNs }

    /// A bar with no event in it.
    ///
    /// - Parameter lengthNs: whole seconds.
    init(startNs: Int64, lengthNs: Int64, series: Int32, reportRound: UInt32) {
        self.startNs = startNs
        seconds = UInt32(lengthNs / 1_000_000_000)
        openTimeNs = .max
        closeTimeNs = .min
        open = .nan
        high = -.infinity
        low = .infinity
        close = .nan
        volume = CompensatedSum()
        notional = CompensatedSum()
        trades = 0
        journalOffset = 0
        self.series = series
        revision = 0
        older = -1
        next = -1
        self.reportRound = reportRound
    }

    /// Takes in one event; of equal event times the first to arrive opens and the last to arrive closes.
    @inline(__always)
    mutating func add(timeNs: Int64, price: Double, size: Double, isAfterEnd: Bool, journalOffset: Int64) {
        if timeNs < openTimeNs {
            openTimeNs = timeNs
            open = price
        }
        if timeNs >= closeTimeNs {
            closeTimeNs = timeNs
            close = price
        }
        high = price > high ? price : high
        low = price < low ? price : low
        volume.add(size)
        notional.add(price * size)
        trades &+= 1
        self.journalOffset = journalOffset
        if isAfterEnd { revision &+= 1 }
    }
}

/// A sum that carries its rounding error along: close to correctly rounded however many values are added.
///
/// - Source: Ogita, Rump and Oishi, "Accurate sum and dot product", SIAM J. Sci. Comput. 26 (2005), algorithm Sum2.
struct CompensatedSum: BitwiseCopyable {
    private(set) var sum = 0.0
    private(set) var carry = 0.0

    init() {}

    /// A sum as it was written to a checkpoint.
    init(sum: Double, carry: Double) {
        self.sum = sum
        self.carry = carry
    }

    @inline(__always)
    mutating func add(_ value: Double) {
        let total = sum + value
        let part = total - sum
        carry += (sum - (total - part)) + (value - part)
        sum = total
    }

    /// The rounded sum.
    @inline(__always)
    var value: Double { sum + carry }
}
