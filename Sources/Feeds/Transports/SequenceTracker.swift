/// Follows the numbers that a venue gives to the trades of each instrument, one more for every trade, and tells which
/// did not come.
///
/// A gap is only told after a while: what two connections bring overtakes itself, and a venue sends what was traded just
/// before as it subscribes.
struct SequenceTracker {
    private struct Hole {
        var first: Int64
        var last: Int64
        var afterNs: Int64
        var noticedNs: Int64

        /// What is left of it without `number`, which lies in it.
        func without(_ number: Int64) -> [Hole] {
            var (below, above) = (self, self)
            below.last = number - 1
            above.first = number + 1
            return [below, above].filter { $0.first <= $0.last }
        }
    }
    private struct Sequence {
        var last: Int64
        var lastNs: Int64
        var holes: [Hole] = []
    }

    /// A gap of one instrument, by its number.
    struct Gap: Equatable {
        var instrument: Int
        /// The lowest number that is missing.
        var first: Int64
        /// The highest number that is missing.
        var last: Int64
        /// Event time of the trade before the first.
        var afterNs: Int64
    }

    /// How long a gap may fill by itself.
    private let graceNs: Int64
    private var sequences: [Sequence?] = []
    /// Holes of all instruments.
    private(set) var holes = 0
    /// Holes of one instrument; beyond that the two oldest become one, which costs a few trades fetched in vain.
    private static let holesMax = 256

    init(graceNs: Int64 = 2_000_000_000) { self.graceNs = graceNs }

    /// Takes in a trade.
    mutating func take(_ instrument: Int, number: Int64, timeNs: Int64, nowNs: Int64) {
        while sequences.count <= instrument { sequences.append(nil) }
        guard let last = sequences[instrument]?.last else {
            sequences[instrument] = Sequence(last: number, lastNs: timeNs)
            return
        }
        guard number > last else { return fill(instrument, number) }
        if number - 1 > last { open(instrument, last + 1, number - 1, nowNs: nowNs) }
        sequences[instrument]?.last = number
        sequences[instrument]?.lastNs = timeNs
    }

    private mutating func open(_ instrument: Int, _ first: Int64, _ last: Int64, nowNs: Int64) {
        guard var sequence = sequences[instrument] else { return }
        sequence.holes.append(Hole(first: first, last: last, afterNs: sequence.lastNs, noticedNs: nowNs))
        holes += 1
        if sequence.holes.count > Self.holesMax {
            sequence.holes[0].last = sequence.holes[1].last
            sequence.holes.remove(at: 1)
            holes -= 1
        }
        sequences[instrument] = sequence
    }

    /// A number below the highest: a repeat, or one that was missing.
    private mutating func fill(_ instrument: Int, _ number: Int64) {
        guard holes > 0,
            let place = sequences[instrument]?.holes.firstIndex(where: { $0.first <= number && number <= $0.last }),
            let hole = sequences[instrument]?.holes[place]
        else { return }
        let rest = hole.without(number)
        holes += rest.count - 1
        sequences[instrument]?.holes.replaceSubrange(place...place, with: rest)
    }

    /// The gaps that did not fill by themselves; each is told once.
    mutating func due(nowNs: Int64) -> [Gap] {
        guard holes > 0 else { return [] }
        var due: [Gap] = []
        for instrument in sequences.indices {
            guard let old = sequences[instrument]?.holes, !old.isEmpty else { continue }
            for hole in old where nowNs - hole.noticedNs >= graceNs {
                due.append(Gap(instrument: instrument, first: hole.first, last: hole.last, afterNs: hole.afterNs))
            }
            sequences[instrument]?.holes.removeAll { nowNs - $0.noticedNs >= graceNs }
        }
        holes -= due.count
        return due
    }
}
