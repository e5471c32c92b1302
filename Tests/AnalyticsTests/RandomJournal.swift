import Market
import TestKit

/// A trade or a quote, as a decoder hands it over.
struct TestEvent: Equatable {
    var isTrade = true
    var instrument: UInt32 = 0
    var timeNs: Int64 = 0
    var ingestNs: Int64 = 0
    /// Trade price, or bid.
    var price = 0.0
    /// Trade size, or ask.
    var other = 0.0
    var number = ArrowColumn.missingInt64
    var offset: Int64 = 0
    var index: Int32 = 0

    var place: [Int64] { [offset, Int64(index)] }
}

/// A record of a journal, decoded.
struct TestRecord {
    enum Kind: Equatable {
        case events([TestEvent])
        case begin(continues: Bool, epoch: Int64)
        case lost(epoch: Int64)
        case end
        case heartbeat(ingestNs: Int64)
    }
    var feed: UInt32
    var offset: Int64
    var kind: Kind
    /// Receive time of a record without events.
    var ingestNs: Int64 = 0
    /// Whether the events were asked for afterwards.
    var isBackfill = false
}

/// Makes journals that hold everything a feed may do wrong: disorder, repetitions, gaps, jumps, wrong clocks, missing
/// numbers and prices. Prices are eighths and sizes quarters, so that sums are exact whatever their order.
struct RandomJournal {
    private var random: SeededGenerator
    private var nextNumber: [UInt32: Int64] = [:]
    private var used: [UInt32: [Int64]] = [:]
    private var nextUpdate: [UInt32: Int64] = [:]
    private var updates: [UInt32: [Int64]] = [:]
    private var clocks: [Int64]
    private var epochs: [Int64] = [0, 0, 0]

    init(seed: UInt64) {
        random = SeededGenerator(seed: seed)
        clocks = [0, 1, 2].map { 1_700_000_000_000_000_000 + $0 * 7_777_777_777 }
    }

    private mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }

    mutating func records(_ count: Int) -> [TestRecord] {
        (0..<count).map { offset in record(Int64(offset)) }
    }

    private mutating func record(_ offset: Int64) -> TestRecord {
        let feed = UInt32.random(in: 0..<3, using: &random)
        var record = TestRecord(feed: feed, offset: offset, kind: .end, ingestNs: clocks[Int(feed)])
        switch Int.random(in: 0..<100, using: &random) {
        case 0:
            epochs[Int(feed)] = chance(20) ? 1 : epochs[Int(feed)] + 1
            record.kind = .begin(continues: chance(70), epoch: epochs[Int(feed)])
        case 1:
            if chance(40) { clocks[Int(feed)] -= Int64.random(in: 0..<100_000, using: &random) * 1_000_000_000 }
        case 2: record.kind = .lost(epoch: chance(80) ? epochs[Int(feed)] : 7)
        case 3...5:
            record.kind = .heartbeat(
                ingestNs: clocks[Int(feed)] + Int64.random(in: 0..<20_000_000_000, using: &random))
        default:
            let events = (0..<Int.random(in: 1...4, using: &random)).map { index in
                event(feed, offset, Int32(index))
            }
            record.kind = .events(events)
            record.isBackfill = chance(4)
        }
        return record
    }

    private mutating func event(_ feed: UInt32, _ offset: Int64, _ index: Int32) -> TestEvent {
        var event = TestEvent()
        // Instrument 3 comes over two feeds.
        event.instrument = chance(10) && feed < 2 ? 3 : feed * 4 + UInt32.random(in: 0..<3, using: &random)
        event.offset = offset
        event.index = index
        advance(feed)
        let behind = chance(20) ? Int64.random(in: 0..<6_000_000_000, using: &random) : 0
        event.timeNs = clocks[Int(feed)] - behind
        if chance(30) { event.timeNs -= event.timeNs % 1_000_000_000 }
        event.ingestNs = clocks[Int(feed)] + Int64.random(in: -2_000_000_000..<3_000_000_000, using: &random)
        if chance(1) { event.timeNs += 9_000_000_000_000 }
        event.isTrade = chance(60)
        event.price = Double(Int.random(in: 800...840, using: &random)) / 8
        if event.isTrade {
            event.other = Double(Int.random(in: 0...40, using: &random)) / 4
            event.number = tradeNumber(event.instrument)
        } else {
            event.other = event.price + Double(Int.random(in: -1...3, using: &random)) / 8
            event.number = updateNumber(event.instrument)
        }
        if chance(2) { event.price = chance(50) ? .nan : .infinity }
        if chance(2) { event.other = .nan }
        return event
    }

    private mutating func advance(_ feed: UInt32) {
        let step: Range<Int64> =
            chance(1) ? 0..<7_200_000_000_000 : chance(5) ? 0..<20_000_000_000 : 0..<400_000_000
        clocks[Int(feed)] += Int64.random(in: step, using: &random)
    }

    private mutating func tradeNumber(_ instrument: UInt32) -> Int64 {
        if instrument % 4 == 2 { return ArrowColumn.missingInt64 }
        if chance(8), let repeated = used[instrument]?.randomElement(using: &random) { return repeated }
        var number = nextNumber[instrument] ?? 1000
        nextNumber[instrument] = number + (chance(5) ? Int64.random(in: 2...9, using: &random) : 1)
        if chance(6) { number -= Int64.random(in: 0...15, using: &random) }
        used[instrument, default: []].append(number)
        return number
    }

    private mutating func updateNumber(_ instrument: UInt32) -> Int64 {
        if instrument % 4 == 1 { return ArrowColumn.missingInt64 }
        if chance(8), let repeated = updates[instrument]?.suffix(20).randomElement(using: &random) { return repeated }
        let number = (nextUpdate[instrument] ?? 5000) + Int64.random(in: 1...50, using: &random)
        nextUpdate[instrument] = number
        updates[instrument, default: []].append(number)
        return number
    }
}
