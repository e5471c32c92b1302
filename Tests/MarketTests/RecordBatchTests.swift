import Market
import Testing

@Suite struct RecordBatchTests {
    private let dictionaries = BatchDictionaries(
        venues: StringDictionary(values: ["V"]), symbols: StringDictionary(values: ["S"]),
        conditions: StringDictionary(values: []), feeds: StringDictionary(values: []))

    private func append(_ id: String, price: Int64, to batch: RecordBatch, offset: Int64) {
        let schema = batch.schema
        batch.begin(journalOffset: offset, frameIndex: 0)
        batch.set(schema.place("operation_id"), id)
        batch.set(schema.place("person_name"), "Zoë \(id)")
        for name in ["symbol", "exchange", "currency", "operation"] { batch.set(schema.place(name), name.uppercased()) }
        batch.set(schema.place("event_time_ns"), Int64(5))
        batch.set(schema.place("ingest_time_ns"), Int64(6))
        batch.set(schema.place("price"), price)
        batch.end()
    }

    @Test func `a row that was taken back leaves no trace`() {
        let batch = RecordBatch(Tables.transactions)
        append("a", price: 1, to: batch, offset: 1)
        batch.begin(journalOffset: 2, frameIndex: 0)
        batch.set(batch.schema.place("person_name"), "nobody")
        batch.rollBack()
        append("b", price: 2, to: batch, offset: 3)
        #expect(batch.count == 2)
        #expect(batch.text(batch.schema.place("person_name"), row: 1) == "Zoë b")
        #expect(batch.integer(batch.schema.place("price"), row: 1) == 2)
        #expect(batch.text(batch.schema.place("currency"), row: 1) == "CURRENCY")
    }

    @Test func `dropped rows take their texts with them`() {
        let batch = RecordBatch(Tables.transactions)
        for (offset, id) in ["a", "bb", "ccc", "d", "eeeee"].enumerated() {
            append(id, price: Int64(offset), to: batch, offset: Int64(offset))
        }
        batch.keep(from: 1, [false, true, false, true])
        let id = batch.schema.place("operation_id")
        #expect((0..<batch.count).map { batch.text(id, row: $0) } == ["a", "ccc", "eeeee"])
        #expect((0..<batch.count).map { batch.integer(batch.schema.place("price"), row: $0) } == [0, 2, 4])
        append("f", price: 9, to: batch, offset: 9)
        #expect(batch.text(id, row: 3) == "f")
    }

    @Test func `digests follow values, not numbers of texts`() {
        let one = RecordBatch(Tables.transactions)
        let texts = StringTable()
        _ = texts.intern("something else")
        let other = RecordBatch(Tables.transactions, texts: texts)
        for batch in [one, other] {
            append("a", price: 1, to: batch, offset: batch === one ? 1 : 2)
            append("b", price: 1, to: batch, offset: 3)
        }
        let places = ["operation_id", "currency", "price"].map(one.schema.place)
        #expect(one.digest(row: 0, places: places) == other.digest(row: 0, places: places))
        #expect(one.digest(row: 0, places: places) != one.digest(row: 1, places: places))
        #expect(one.digest(row: 0, places: [places[1]]) == one.digest(row: 1, places: [places[1]]))
    }

    @Test(arguments: [
        ("12.5", 2, Int64(1250)), ("-0.01", 2, -1), ("1e-8", 8, 1), ("1E2", 0, 100), ("100.000", 2, 10000),
        ("9999999999.99999999", 8, 999_999_999_999_999_999), ("0e64", 8, 0), (".5", 1, 5), ("5.", 1, 50),
    ])
    func `decimal text is read exactly`(text: String, scale: Int, units: Int64) {
        #expect(DecimalText.units(text, scale: scale) == units)
    }

    @Test(arguments: ["", "-", "1.234", "1e-3", "abc", "1..2", "10000000000000000", "1e999", "0x1", "1e"])
    func `what does not fit exactly is refused`(text: String) {
        #expect(DecimalText.units(text, scale: 2) == nil)
    }

    @Test func `decimal numbers keep the digits of their scale`() {
        #expect(DecimalText.text(-1, scale: 2) == "-0.01")
        #expect(DecimalText.text(1250, scale: 2) == "12.50")
        #expect(DecimalText.text(7, scale: 0) == "7")
    }
}
