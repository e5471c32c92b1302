internal import Market
internal import Platform

/// Holes in the numbers of trades, from their opening until they are told, and what fills them afterwards.
///
/// A hole that fills by itself within the grace was disorder on the way, and is not told; one that a page of the venue's
/// history fills is told, with what filled it. Numbers that arrive in a hole already told become a row of what filled it.
/// So at any time, per instrument, the numbers missing are those of all holes less those of all fillings.
/// - Shape: bounded: beyond `holesMax` the oldest hole is told at once.
struct SequenceLedger {
    struct Hole: Equatable {
        var feed: UInt32
        var instrument: InstrumentID
        var numbers: ClosedRange<Int64>
        /// Event time of the trades before and behind it.
        var fromNs: Int64
        var toNs: Int64
        /// Receive time at which it is told.
        var dueNs: Int64
    }
    struct Filling: Equatable {
        var feed: UInt32
        var instrument: InstrumentID
        var source: String
        var numbers: ClosedRange<Int64>
        var fromNs: Int64
        var toNs: Int64
        var dueNs: Int64
    }

    /// How long a hole may fill by itself, and a filling may go on, in nanoseconds of receive time.
    static let graceNs: Int64 = 10_000_000_000
    static let holesMax = 4096
    static let fillingsMax = 64
    static let late = "late on the feed"

    private(set) var holes: [Hole] = []
    private(set) var fillings: [Filling] = []
    /// By feed, the first time at which something of it is due.
    private var nextDueNs: [Int64] = []

    typealias Row = CoverageWriter.Row

    /// The first receive time at which something of a feed is due.
    func nextDueNs(feed: UInt32) -> Int64 { Int(feed) < nextDueNs.count ? nextDueNs[Int(feed)] : .max }

    private mutating func note(feed: UInt32, dueNs: Int64) {
        while nextDueNs.count <= Int(feed) { nextDueNs.append(.max) }
        nextDueNs[Int(feed)] = min(nextDueNs[Int(feed)], dueNs)
    }

    /// A number came that leaves others out.
    mutating func opened(_ hole: Hole, _ rows: inout [Row]) {
        holes.append(hole)
        note(feed: hole.feed, dueNs: hole.dueNs)
        if holes.count > Self.holesMax { rows.append(Self.row(holes.removeFirst())) }
    }

    /// A number came that had been left out.
    ///
    /// - Parameter source: where the frame was asked for; nil where it came by itself.
    mutating func filled(
        _ number: Int64, instrument: InstrumentID, feed: UInt32, eventTimeNs: Int64, ingestTimeNs: Int64,
        source: String?, _ rows: inout [Row]
    ) {
        if let place = holes.firstIndex(where: { $0.instrument == instrument && $0.numbers.contains(number) }) {
            guard source != nil else { return close(number, place) }
            rows.append(Self.row(holes.remove(at: place)))
        }
        add(
            Filling(
                feed: feed, instrument: instrument, source: source ?? Self.late, numbers: number...number,
                fromNs: eventTimeNs, toNs: eventTimeNs, dueNs: saturatingSum(ingestTimeNs, Self.graceNs)), &rows)
    }

    /// Takes a number out of a hole that was not told yet.
    private mutating func close(_ number: Int64, _ place: Int) {
        let hole = holes[place]
        var parts: [Hole] = []
        if number > hole.numbers.lowerBound {
            var below = hole
            below.numbers = hole.numbers.lowerBound...number - 1
            parts.append(below)
        }
        if number < hole.numbers.upperBound {
            var above = hole
            above.numbers = number + 1...hole.numbers.upperBound
            parts.append(above)
        }
        holes.replaceSubrange(place...place, with: parts)
    }

    private mutating func add(_ filling: Filling, _ rows: inout [Row]) {
        let number = filling.numbers.lowerBound
        note(feed: filling.feed, dueNs: filling.dueNs)
        for place in fillings.indices.reversed() {
            let known = fillings[place]
            guard known.instrument == filling.instrument, known.feed == filling.feed, known.source == filling.source,
                number &- known.numbers.upperBound == 1 || known.numbers.lowerBound &- number == 1
            else { continue }
            fillings[place].numbers =
                min(known.numbers.lowerBound, number)...max(known.numbers.upperBound, number)
            fillings[place].fromNs = min(known.fromNs, filling.fromNs)
            fillings[place].toNs = max(known.toNs, filling.toNs)
            fillings[place].dueNs = filling.dueNs
            return
        }
        fillings.append(filling)
        if fillings.count > Self.fillingsMax { rows.append(Self.row(fillings.removeFirst())) }
    }

    /// Tells what has become due on a feed.
    mutating func due(feed: UInt32, ingestTimeNs: Int64, _ rows: inout [Row]) {
        guard ingestTimeNs >= nextDueNs(feed: feed) else { return }
        tell(feed, upTo: ingestTimeNs, &rows)
    }

    /// Tells what filled holes so far: nothing more may come for long.
    mutating func lost(feed: UInt32, _ rows: inout [Row]) {
        for filling in fillings where filling.feed == feed { rows.append(Self.row(filling)) }
        fillings.removeAll { $0.feed == feed }
    }

    /// Fillings that are still to be told.
    func ongoing(feed: UInt32) -> [Row] { fillings.filter { $0.feed == feed }.map(Self.row) }

    /// Tells everything of a feed.
    mutating func end(feed: UInt32, _ rows: inout [Row]) { tell(feed, upTo: .max, &rows) }

    private mutating func tell(_ feed: UInt32, upTo timeNs: Int64, _ rows: inout [Row]) {
        guard Int(feed) < nextDueNs.count else { return }
        for hole in holes where hole.feed == feed && hole.dueNs <= timeNs { rows.append(Self.row(hole)) }
        for filling in fillings where filling.feed == feed && filling.dueNs <= timeNs { rows.append(Self.row(filling)) }
        holes.removeAll { $0.feed == feed && $0.dueNs <= timeNs }
        fillings.removeAll { $0.feed == feed && $0.dueNs <= timeNs }
        let due = holes.filter { $0.feed == feed }.map(\.dueNs) + fillings.filter { $0.feed == feed }.map(\.dueNs)
        nextDueNs[Int(feed)] = due.min() ?? .max
    }

    private static func row(_ hole: Hole) -> Row {
        Row(
            kind: .sequenceGap, feed: hole.feed, instrument: hole.instrument, fromNs: hole.fromNs,
            toNs: max(hole.fromNs, hole.toNs), numbers: hole.numbers)
    }

    private static func row(_ filling: Filling) -> Row {
        Row(
            kind: .backfill, feed: filling.feed, instrument: filling.instrument, fromNs: filling.fromNs,
            toNs: saturatingSum(filling.toNs, 1), numbers: filling.numbers, detail: filling.source)
    }
}

extension SequenceLedger {
    func encode(into writer: inout BinaryWriter) {
        writer.write(UInt32(holes.count))
        for hole in holes {
            writer.write(hole.feed)
            writer.write(hole.instrument)
            for value in [hole.numbers.lowerBound, hole.numbers.upperBound, hole.fromNs, hole.toNs, hole.dueNs] {
                writer.write(value)
            }
        }
        writer.write(UInt32(fillings.count))
        for filling in fillings {
            writer.write(filling.feed)
            writer.write(filling.instrument)
            writer.write(filling.source)
            let numbers = filling.numbers
            for value in [numbers.lowerBound, numbers.upperBound, filling.fromNs, filling.toNs, filling.dueNs] {
                writer.write(value)
            }
        }
        writer.write(UInt32(nextDueNs.count))
        for time in nextDueNs { writer.write(time) }
    }

    init(from reader: inout BinaryReader) throws(EngineStateError) {
        self.init()
        for _ in 0..<(try reader.value(UInt32.self)) {
            let feed: UInt32 = try reader.value()
            let instrument: InstrumentID = try reader.value()
            let numbers = try Self.numbers(from: &reader)
            let fromNs: Int64 = try reader.value()
            let toNs: Int64 = try reader.value()
            holes.append(
                Hole(
                    feed: feed, instrument: instrument, numbers: numbers, fromNs: fromNs, toNs: toNs,
                    dueNs: try reader.value()))
        }
        for _ in 0..<(try reader.value(UInt32.self)) {
            let feed: UInt32 = try reader.value()
            let instrument: InstrumentID = try reader.value()
            let source = try reader.text()
            let numbers = try Self.numbers(from: &reader)
            let fromNs: Int64 = try reader.value()
            let toNs: Int64 = try reader.value()
            fillings.append(
                Filling(
                    feed: feed, instrument: instrument, source: source, numbers: numbers, fromNs: fromNs, toNs: toNs,
                    dueNs: try reader.value()))
        }
        for _ in 0..<(try reader.value(UInt32.self)) { nextDueNs.append(try reader.value()) }
    }

    private static func numbers(from reader: inout BinaryReader) throws(EngineStateError) -> ClosedRange<Int64> {
        let first: Int64 = try reader.value()
        let last: Int64 = try reader.value()
        guard first <= last else { throw .damaged(at: reader.position, "trade numbers are not in order") }
        return first...last
    }
}
