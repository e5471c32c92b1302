internal import Market
internal import Platform

/// Drops trades whose number was seen before, whichever feed brought it first.
///
/// A trade's identity is its instrument and the venue's number. A trade without a number is identified by its place in
/// the journal and never dropped: equal values are separate prints.
/// - Threading: one owner at a time.
struct TradeDeduplicator: ~Copyable {
    /// No number is expected: the first one, and the end of the integers.
    private static let none = ArrowColumn.missingInt64
    private let rangesPerInstrument: Int
    /// Ranges that all instruments may hold together.
    private let rangesTotal: Int
    /// What continues each instrument's highest range. It runs ahead of `sets`, which is told before it is used.
    private var expected = Slab<Expected>()
    private var sets: [IdentifierRanges] = []
    /// By instrument, event time of the trade with the lowest number.
    private var lowestNs: [Int64] = []
    /// Instruments with numbers.
    private var instrumentCount = 0

    struct Expected {
        /// The number that continues the highest range.
        var number: Int64
        /// Event time of the trade before it.
        var timeNs: Int64
    }

    /// A number that came out of order, in a row that is kept.
    struct Change: Equatable {
        let row: Int
        let effect: IdentifierRanges.Effect
        /// Event times of the trades around a hole.
        let fromNs: Int64
        let toNs: Int64
    }

    init(_ configuration: EngineConfiguration) {
        rangesPerInstrument = configuration.identifierRanges
        rangesTotal = configuration.identifierRanges * 64
    }

    /// Ranges that one instrument may hold: fewer the more instruments there are, so that memory is bounded.
    private var limit: Int { min(rangesPerInstrument, max(64, rangesTotal / max(1, instrumentCount))) }

    /// Drops the duplicates among the batch's trades; what is kept stays in order.
    ///
    /// - Parameter changes: gets what the rows did to the holes, in their order.
    mutating func removeDuplicates(
        from trades: TradeBatch, rowsFrom start: Int, counters: inout FeedCounters, changes: inout [Change]
    ) {
        let count = trades.count
        let numbers = unsafe trades.tradeID.pointer
        let instruments = unsafe trades.instrument.pointer
        let times = unsafe trades.eventTimeNs.pointer
        var kept = start
        for row in start..<count {
            let number = unsafe numbers[row]
            if number != Self.none {
                let instrument = Int(unsafe instruments[row])
                if instrument < expected.count, expected[instrument].number == number {
                    expected[instrument] = Expected(
                        number: number == .max ? Self.none : number + 1, timeNs: unsafe times[row])
                } else if insert(number, instrument, unsafe times[row], kept, &counters, &changes) == .duplicate {
                    counters.duplicateTrades += 1
                    continue
                }
            }
            if kept != row { trades.moveRow(from: row, to: kept) }
            kept += 1
        }
        if kept != count { trades.truncate(to: kept) }
    }

    /// Takes in a number that does not simply continue the sequence.
    @inline(never)
    private mutating func insert(
        _ number: Int64, _ instrument: Int, _ timeNs: Int64, _ row: Int, _ counters: inout FeedCounters,
        _ changes: inout [Change]
    ) -> IdentifierRanges.Outcome {
        while sets.count <= instrument { sets.append(IdentifierRanges()) }
        while lowestNs.count < sets.count { lowestNs.append(.max) }
        expected.grow(to: sets.count, filling: Expected(number: Self.none, timeNs: .min))
        catchUp(instrument)
        note(number, instrument, timeNs, row, &changes)
        if sets[instrument].seen == 0 { instrumentCount += 1 }
        let opened = sets[instrument].holesOpened
        let filled = sets[instrument].holesFilled
        let givenUp = sets[instrument].holesGivenUp
        let missing = sets[instrument].missing
        let missingGivenUp = sets[instrument].missingGivenUp
        let outcome = sets[instrument].insert(number, limit: limit)
        expected[instrument].number = sets[instrument].next ?? Self.none
        counters.gapsOpened += Int(truncatingIfNeeded: sets[instrument].holesOpened &- opened)
        counters.gapsFilled += Int(truncatingIfNeeded: sets[instrument].holesFilled &- filled)
        counters.gapsGivenUp += Int(truncatingIfNeeded: sets[instrument].holesGivenUp &- givenUp)
        counters.missingTrades &+= Int(truncatingIfNeeded: sets[instrument].missing &- missing)
        counters.missingTradesGivenUp &+= Int(truncatingIfNeeded: sets[instrument].missingGivenUp &- missingGivenUp)
        return outcome
    }

    /// Notes what a number will do to the holes, and the event times at both ends of the numbers.
    private mutating func note(
        _ number: Int64, _ instrument: Int, _ timeNs: Int64, _ row: Int, _ changes: inout [Change]
    ) {
        let effect = sets[instrument].effect(of: number)
        switch effect {
        case .leavesAbove:
            changes.append(Change(row: row, effect: effect, fromNs: expected[instrument].timeNs, toNs: timeNs))
        case .leavesBelow:
            changes.append(Change(row: row, effect: effect, fromNs: timeNs, toNs: lowestNs[instrument]))
        case .fills: changes.append(Change(row: row, effect: effect, fromNs: timeNs, toNs: timeNs))
        case .none: break
        }
        if sets[instrument].isBelow(number) { lowestNs[instrument] = timeNs }
        if sets[instrument].isAbove(number) { expected[instrument].timeNs = timeNs }
    }

    /// Tells an instrument's set what the fast path has let through.
    private mutating func catchUp(_ instrument: Int) {
        guard sets[instrument].seen > 0 else { return }
        let next = expected[instrument].number
        if next == Self.none {
            if sets[instrument].next != nil { sets[instrument].extend(to: .max) }
        } else {
            sets[instrument].extend(to: next - 1)
        }
    }

    // MARK: Checkpoint

    mutating func encode(into writer: inout BinaryWriter) {
        writer.write(UInt32(sets.count))
        for instrument in sets.indices {
            catchUp(instrument)
            sets[instrument].encode(into: &writer)
            writer.write(expected[instrument].timeNs)
            writer.write(lowestNs[instrument])
        }
    }

    init(_ configuration: EngineConfiguration, from reader: inout BinaryReader) throws(EngineStateError) {
        self.init(configuration)
        for _ in 0..<(try reader.value(UInt32.self)) {
            let set = try IdentifierRanges(from: &reader)
            if set.seen > 0 { instrumentCount += 1 }
            sets.append(set)
            expected.append(Expected(number: set.next ?? Self.none, timeNs: try reader.value()))
            lowestNs.append(try reader.value())
        }
    }
}
