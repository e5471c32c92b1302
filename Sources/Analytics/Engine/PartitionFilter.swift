public import Market
internal import Platform

/// Takes out of batches what belongs to other partitions of a pipeline.
///
/// A partition gets whole frames, and keeps the events of its own instruments. Rows without an instrument belong to the
/// feed's home, dead letters to where a frame's original is.
/// - Threading: one owner at a time.
public struct PartitionFilter {
    private let owns: (InstrumentID) -> Bool
    private let futureToleranceNs: Int64
    /// By instrument, whether it is the partition's.
    private var known: [Bool?] = []
    /// Events that were taken out and may move the feed's event time, in the order of the journal.
    public private(set) var followed: [FollowedEvent] = []

    /// - Parameters:
    ///   - futureToleranceNs: as of the engine.
    ///   - owns: whether an instrument is the partition's; asked once for each.
    public init(futureToleranceNs: Int64, owns: @escaping (InstrumentID) -> Bool) {
        self.futureToleranceNs = futureToleranceNs
        self.owns = owns
    }

    /// Takes out of a batch what does not belong here; `followed` is then that of this call.
    ///
    /// - Parameters:
    ///   - tradesFrom: first row of the trades to look at; the others likewise.
    ///   - isHome: whether the partition is the feed's home.
    ///   - copies: offsets of the frames whose originals are elsewhere, rising.
    public mutating func takeOut(
        from events: EventBatch, tradesFrom: Int, quotesFrom: Int, othersFrom: OtherRows, deadLettersFrom: Int,
        isHome: Bool, copies: [Int64]
    ) {
        followed.removeAll(keepingCapacity: true)
        takeOut(trades: events.trades, from: tradesFrom)
        let ofTrades = followed.count
        takeOut(quotes: events.quotes, from: quotesFrom)
        if ofTrades > 0, followed.count > ofTrades {
            followed.sort { $0.isBefore($1.journalOffset, $1.frameIndex) }
        }
        let bars = events.vendorBars
        bars.keep(from: othersFrom.vendorBars, (othersFrom.vendorBars..<bars.count).map { has(bars.instrument[$0]) })
        for (place, batch) in events.records.enumerated() where batch.count > othersFrom.records[place] {
            let start = othersFrom.records[place]
            batch.keep(
                from: start,
                (start..<batch.count).map { row in
                    batch.instrument(row: row).map { has($0) } ?? isHome
                })
        }
        let dead = events.deadLetters
        guard !copies.isEmpty, dead.count > deadLettersFrom else { return }
        dead.keep(
            from: deadLettersFrom,
            (deadLettersFrom..<dead.count).map { !Self.holds(copies, dead.journalOffset[$0]) })
    }

    private mutating func takeOut(trades: TradeBatch, from start: Int) {
        var marks = Marks(futureToleranceNs: futureToleranceNs)
        var kept = start
        for row in start..<trades.count {
            if has(trades.instrument[row]) {
                trades.moveRow(from: row, to: kept)
                kept += 1
            } else if marks.moves(trades.eventTimeNs[row], trades.ingestTimeNs[row]) {
                followed.append(
                    FollowedEvent(
                        journalOffset: trades.journalOffset[row], frameIndex: trades.frameIndex[row],
                        eventTimeNs: trades.eventTimeNs[row], ingestTimeNs: trades.ingestTimeNs[row]))
            }
        }
        trades.truncate(to: kept)
    }

    private mutating func takeOut(quotes: QuoteBatch, from start: Int) {
        var marks = Marks(futureToleranceNs: futureToleranceNs)
        var kept = start
        for row in start..<quotes.count {
            if has(quotes.instrument[row]) {
                quotes.moveRow(from: row, to: kept)
                kept += 1
            } else if marks.moves(quotes.eventTimeNs[row], quotes.ingestTimeNs[row]) {
                followed.append(
                    FollowedEvent(
                        journalOffset: quotes.journalOffset[row], frameIndex: quotes.frameIndex[row],
                        eventTimeNs: quotes.eventTimeNs[row], ingestTimeNs: quotes.ingestTimeNs[row]))
            }
        }
        quotes.truncate(to: kept)
    }

    /// Of events in a row, only those beyond all before them change anything; those from the future never do.
    private struct Marks {
        let futureToleranceNs: Int64
        private var least = Int64.max
        private var greatest = Int64.min

        init(futureToleranceNs: Int64) { self.futureToleranceNs = futureToleranceNs }

        mutating func moves(_ timeNs: Int64, _ ingestTimeNs: Int64) -> Bool {
            guard timeNs <= saturatingSum(ingestTimeNs, futureToleranceNs), timeNs < least || timeNs > greatest
            else { return false }
            least = min(least, timeNs)
            greatest = max(greatest, timeNs)
            return true
        }
    }

    private mutating func has(_ instrument: InstrumentID) -> Bool {
        let place = Int(instrument)
        while known.count <= place { known.append(nil) }
        if let answer = known[place] { return answer }
        let answer = owns(instrument)
        known[place] = answer
        return answer
    }

    private static func holds(_ copies: [Int64], _ offset: Int64) -> Bool {
        var (low, high) = (0, copies.count)
        while low < high {
            let middle = (low + high) / 2
            if copies[middle] < offset { low = middle + 1 } else { high = middle }
        }
        return low < copies.count && copies[low] == offset
    }
}
