import Market
import Platform
import Testing

@Suite struct TablesTests {
    private let dictionaries = BatchDictionaries(
        venues: StringDictionary(values: ["V"]), symbols: StringDictionary(values: ["S"]),
        conditions: StringDictionary(values: []), feeds: StringDictionary(values: ["f"]))

    @Test func `every batch has the stored columns of its table, in order`() {
        let none = StringDictionary(values: [])
        let batches: [any ColumnarBatch] =
            [
                TradeBatch(), QuoteBatch(), FrameBatch(), DeadLetterBatch(), BarBatch(intervals: none),
                IndicatorBatch(intervals: none, names: none), RecordBatch(Tables.coverage),
                RecordBatch(Tables.controlRecords),
            ] + EventBatch().records
        #expect(Set(batches.map(\.schema.name)) == Set(Tables.all.map(\.name)) && batches.count == Tables.all.count)
        for batch in batches {
            let schema = batch.schema
            #expect(batch.columns(dictionaries).map(\.name) == schema.storedColumns.map(\.name), "\(schema.name)")
            for (column, described) in zip(batch.columns(dictionaries), schema.storedColumns) {
                #expect(column.isNullable == described.isNullable, "\(schema.name).\(column.name)")
            }
        }
    }

    @Test func `every table is sorted and partitioned by columns that it has`() {
        for table in Tables.all {
            let names = Set(table.columns.map(\.name))
            #expect(names.contains(table.timeColumn) && names.isSuperset(of: table.sortKey), "\(table.name)")
            #expect(table.columns.allSatisfy { !$0.summary.isEmpty })
        }
    }

    @Test func `instruments keep their numbers through a checkpoint`() throws {
        let table = InstrumentTable()
        for symbol in ["B", "A", "C"] { _ = table.intern(Instrument(venue: "V", symbol: symbol)) }
        #expect(table.intern(Instrument("V:A")) == 1)
        var writer = BinaryWriter()
        table.encode(into: &writer)
        var reader = BinaryReader(writer.bytes)
        let restored = try InstrumentTable(from: &reader)
        #expect(restored.count == 3 && restored[2] == Instrument(venue: "V", symbol: "C"))
        #expect(restored.find(Instrument("V:B")) == 0)
    }

    @Test func `quotes are flagged by their prices`() {
        #expect(QuoteFlags.of(bid: 2, ask: 1) == .crossed)
        #expect(QuoteFlags.of(bid: 1, ask: 1) == .locked)
        #expect(QuoteFlags.of(bid: 1, ask: .nan) == .oneSided)
        #expect(QuoteFlags.of(bid: 1, ask: 2) == [])
    }
}
