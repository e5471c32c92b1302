internal import Platform

/// The exact set of trade numbers seen of one instrument, as disjoint ranges: contiguous numbers cost one range.
///
/// What lies between two ranges is a *hole*: a sequence gap, until its numbers arrive. The number of ranges is bounded;
/// beyond that the oldest holes are given up: they count as permanent, and their numbers count as seen.
/// - Complexity: the next number in order constant, any other logarithmic plus moving the ranges behind it.
public struct IdentifierRanges: Sendable, Equatable {
    /// Numbers from `first` to `last`, both included.
    struct Range: Sendable, Equatable {
        var first: Int64
        var last: Int64
    }

    /// What became of a number.
    public enum Outcome: Sendable {
        /// It is new.
        case inserted
        /// It was seen before, or lies in a hole that was given up.
        case duplicate
    }

    private(set) var ranges: [Range] = []
    /// Different numbers seen.
    public private(set) var seen: UInt64 = 0
    /// Holes that ever came into being: by a jump ahead or back, or where a number fell inside a hole.
    public private(set) var holesOpened: UInt64 = 0
    /// Holes that were filled.
    public private(set) var holesFilled: UInt64 = 0
    /// Holes that were given up.
    public private(set) var holesGivenUp: UInt64 = 0
    /// Numbers in the holes that were given up.
    public private(set) var missingGivenUp: UInt64 = 0

    public init() {}

    /// Holes open now.
    public var holes: Int { max(0, ranges.count - 1) }

    /// Numbers missing in the holes that are open now.
    public var missing: UInt64 {
        guard let first = ranges.first, let last = ranges.last else { return 0 }
        return UInt64(bitPattern: last.last &- first.first) &+ 1 &- seen &- missingGivenUp
    }

    /// The number that continues the highest range; nil before the first number and at the end of the integers.
    public var next: Int64? { ranges.last.flatMap { $0.last == .max ? nil : $0.last + 1 } }

    /// Takes in the numbers from `next` up to and including `last`.
    ///
    /// - Precondition: `last` is not below the highest number seen.
    mutating func extend(to last: Int64) {
        let top = ranges.count - 1
        precondition(top >= 0 && last >= ranges[top].last, "extends the highest range")
        seen &+= UInt64(bitPattern: last &- ranges[top].last)
        ranges[top].last = last
    }

    /// True where a number is lower than all, or the first.
    func isBelow(_ number: Int64) -> Bool { ranges.first.map { number < $0.first } ?? true }

    /// True where a number is higher than all, or the first.
    func isAbove(_ number: Int64) -> Bool { ranges.last.map { number > $0.last } ?? true }

    /// What a number that does not continue a range would change.
    enum Effect: Equatable {
        /// It leaves out these above the highest.
        case leavesAbove(ClosedRange<Int64>)
        /// It leaves out these below the lowest.
        case leavesBelow(ClosedRange<Int64>)
        /// It was missing.
        case fills(Int64)
        /// It was seen, or lies beside the lowest or highest.
        case none
    }

    /// What `insert` of a number would do to the holes.
    func effect(of number: Int64) -> Effect {
        guard let lowest = ranges.first?.first, let highest = ranges.last?.last else { return .none }
        if number > highest { return number - 1 > highest ? .leavesAbove(highest + 1...number - 1) : .none }
        if number < lowest { return number + 1 < lowest ? .leavesBelow(number + 1...lowest - 1) : .none }
        let above = firstRange(above: number)
        return number <= ranges[above - 1].last ? .none : .fills(number)
    }

    /// Takes in a number.
    ///
    /// - Parameter limit: ranges to keep at most (at least 4).
    public mutating func insert(_ number: Int64, limit: Int = 65_536) -> Outcome {
        let above = firstRange(above: number)
        if above > 0, number <= ranges[above - 1].last { return .duplicate }
        seen &+= 1
        let joinsBelow = above > 0 && ranges[above - 1].last == number &- 1
        let joinsAbove = above < ranges.count && ranges[above].first == number &+ 1
        switch (joinsBelow, joinsAbove) {
        case (true, true):
            ranges[above - 1].last = ranges[above].last
            ranges.remove(at: above)
            holesFilled += 1
        case (true, false): ranges[above - 1].last = number
        case (false, true): ranges[above].first = number
        case (false, false):
            ranges.insert(Range(first: number, last: number), at: above)
            if ranges.count > 1 { holesOpened += 1 }
            if ranges.count > limit { giveUpOldest(limit) }
        }
        return .inserted
    }

    /// Place of the first range that starts above `number`.
    private func firstRange(above number: Int64) -> Int {
        if let last = ranges.last, number >= last.first { return ranges.count }
        var low = 0
        var high = ranges.count
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].first > number { high = middle } else { low = middle + 1 }
        }
        return low
    }

    /// Gives up a quarter of the holes at once, the lowest, so that the cost of moving is shared by many numbers.
    private mutating func giveUpOldest(_ limit: Int) {
        let count = ranges.count - max(3, limit / 4 * 3)
        for place in 0..<count {
            missingGivenUp &+= UInt64(bitPattern: ranges[place + 1].first &- ranges[place].last &- 1)
        }
        holesGivenUp += UInt64(count)
        ranges[count].first = ranges[0].first
        ranges.removeFirst(count)
    }

    // MARK: Checkpoint

    /// Writes the set for a checkpoint.
    func encode(into writer: inout BinaryWriter) {
        writer.write(UInt32(ranges.count))
        for range in ranges {
            writer.write(range.first)
            writer.write(range.last)
        }
        for value in [seen, holesOpened, holesFilled, holesGivenUp, missingGivenUp] { writer.write(value) }
    }

    /// Reads what `encode` wrote.
    init(from reader: inout BinaryReader) throws(EngineStateError) {
        let count = Int(try reader.value(UInt32.self))
        for _ in 0..<count {
            let range = Range(first: try reader.value(), last: try reader.value())
            guard range.first <= range.last, ranges.last.map({ $0.last < range.first }) ?? true else {
                throw EngineStateError.damaged(at: reader.position, "trade numbers are not in order")
            }
            ranges.append(range)
        }
        seen = try reader.value()
        holesOpened = try reader.value()
        holesFilled = try reader.value()
        holesGivenUp = try reader.value()
        missingGivenUp = try reader.value()
    }
}
