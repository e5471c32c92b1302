import Market
import Platform
import TestKit
import Testing

@testable import Lake

@Suite struct RowOrderTests {
    private static let day: Int64 = 86_400_000_000_000

    /// A row as a plain program sees it.
    private struct Row: Equatable {
        let venue: String
        let symbol: String
        let time: Int64
        let offset: Int64
    }

    private struct Market {
        let parts: [HotPart]
        let rows: [Row]

        /// Trades of instruments whose numbers do not follow their names, in parts that begin and end anywhere.
        init(seed: UInt64, instruments count: Int, rows: Int, lateness: Int64, start: Int64) {
            var random = SeededGenerator(seed: seed)
            let instruments = InstrumentTable()
            for number in 0..<count {
                let venue = ["B", "A", "ä", ""][Int.random(in: 0..<4, using: &random)]
                _ = instruments.intern(Instrument(venue: venue, symbol: "S\((number * 7919) % 1009)"))
            }
            let empty = StringDictionary(values: [])
            let dictionaries = BatchDictionaries(
                venues: instruments.venues.snapshot(), symbols: instruments.symbols.snapshot(), conditions: empty,
                feeds: empty)
            var parts: [HotPart] = []
            var all: [Row] = []
            var offset: Int64 = 0
            while all.count < rows {
                let batch = TradeBatch()
                let total = Int.random(in: 1...200, using: &random)
                let skipped = Int.random(in: 0..<total, using: &random)
                for index in 0..<total {
                    let instrument = UInt32.random(in: 0..<UInt32(instruments.count), using: &random)
                    // Many times are equal, so that the order of arrival decides.
                    let time = start + offset / 3 - (lateness > 0 ? Int64.random(in: 0..<lateness, using: &random) : 0)
                    batch.append(
                        instrument: instrument, eventTimeNs: time, ingestTimeNs: 0, price: 1, size: 1,
                        journalOffset: offset, frameIndex: 0)
                    if index >= skipped {
                        let known = instruments[InstrumentID(instrument)]
                        all.append(Row(venue: known.venue, symbol: known.symbol, time: time, offset: offset))
                    }
                    offset += 1
                }
                parts.append(HotPart(columns: batch.columns(dictionaries), rows: skipped..<total))
            }
            self.parts = parts
            self.rows = all
        }

        /// What an order means.
        func read(_ order: RowOrder) -> [Row] {
            (0..<order.count).map { index in
                let code = order.rows[index]
                let columns = parts[Int(code >> 16)].columns
                let row = Int(code & 0xffff)
                guard case .dictionary(let venue, let venues) = columns[0].values,
                    case .dictionary(let symbol, let symbols) = columns[1].values,
                    case .int64(let times) = columns[2].values, case .int64(let offsets) = columns[9].values
                else { return Row(venue: "?", symbol: "?", time: 0, offset: 0) }
                #expect(times[row] == order.times[index])
                return Row(
                    venue: venues.values[Int(venue[row])], symbol: symbols.values[Int(symbol[row])], time: times[row],
                    offset: offsets[row])
            }
        }
    }

    private func precedes(_ one: Row, _ other: Row) -> Bool {
        if one.venue != other.venue { return one.venue.utf8.lexicographicallyPrecedes(other.venue.utf8) }
        if one.symbol != other.symbol { return one.symbol.utf8.lexicographicallyPrecedes(other.symbol.utf8) }
        return (one.time, one.offset) < (other.time, other.offset)
    }

    @Test(arguments: [(1, 0), (3, 40), (50, 3), (400, 1000), (900, 0)])
    func `rows are ordered as a plain sort orders them, whatever is late`(instruments: Int, lateness: Int) {
        let order = RowOrder()
        for seed in 0..<6 {
            let market = Market(
                seed: UInt64(seed), instruments: instruments, rows: 3000, lateness: Int64(lateness), start: 5 * Self.day
            )
            let days = RowOrder.partitions(market.parts, Tables.trades)
            var rows: [Row] = []
            for day in days {
                let span = TablePartition.date.spanNs(firstDay: day)
                order.fill(market.parts, timeColumn: "event_time_ns", spanNs: span)
                order.sort(market.parts, by: SortKey(Tables.trades))
                let read = market.read(order)
                #expect(read == read.sorted(by: precedes), "seed \(seed)")
                #expect(read.allSatisfy { span.contains($0.time) })
                rows += read
            }
            #expect(days == days.sorted() && rows.count == market.rows.count)
            #expect(rows.map(\.offset).sorted() == market.rows.map(\.offset))
        }
    }

    @Test func `dates before 1970 and on both sides of midnight are told apart`() {
        for start in [-3 * Self.day, 0, 20_000 * Self.day] {
            let market = Market(seed: 9, instruments: 2, rows: 2000, lateness: 600, start: start)
            let days = RowOrder.partitions(market.parts, Tables.trades)
            #expect(days.map(\.daysSinceEpoch) == [start / Self.day - 1, start / Self.day])
            let order = RowOrder()
            let counts = days.map { day in
                order.fill(
                    market.parts, timeColumn: "event_time_ns", spanNs: TablePartition.date.spanNs(firstDay: day))
                return order.count
            }
            let before = market.rows.count { $0.time < start }
            #expect(counts == [before, market.rows.count - before])
        }
    }
}
