import Databases
import Market
import Platform
import TestKit
import Testing

@Suite struct ArrowRowsTests {
    /// A stream of rows of a query, chosen by their places among all.
    private func written(_ sql: String, _ choose: (Int) -> [Int]) throws -> (stream: ArrowStream, places: [Int]) {
        let result = try Database.duckDB().connect().query(sql)
        let arrow = try ArrowRows(RowSamples.table, number: "number_of_row", result)
        var batches: [ResultBatch] = [], all: [(batch: Int, row: Int)] = []
        while let batch = try result.next() {
            all += (0..<batch.count).map { (batches.count, $0) }
            batches.append(batch)
        }
        arrow.open(batches)
        let places = choose(all.count)
        let rows = Column<ArrowRows.Row>(), bytes = Column<UInt8>()
        var bytesMax = arrow.fixedBytes
        for (number, place) in places.enumerated() {
            let (batch, row) = (Int32(all[place].batch), Int32(all[place].row))
            rows.append(ArrowRows.Row(batch: batch, row: row, number: Int32(7 * number)))
            bytesMax += arrow.bytes(batch: batch, row: row)
            #expect(arrow.bytes(batch: batch, row: row) <= arrow.bytesMax(batches[Int(batch)]))
        }
        for _ in 0..<8 { bytes.append(0xaa) }  // a message before it
        arrow.write(rows, to: bytes)
        #expect(bytes.count - 8 <= bytesMax && bytes.count % 8 == 0)
        return (ArrowStream(Array(bytes.buffer[8...])), places)
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func `what is read back is what the database has, whichever rows are chosen`(seed: UInt64) throws {
        let sql = RowSamples.query(5000, seed: seed)
        var generator = SeededGenerator(seed: seed)
        let (stream, places) = try written(sql) { count in
            let share = [1, 3, 100, 5000].randomElement(using: &generator) ?? 1
            let chosen = (0..<count).filter { _ in generator.next() % UInt64(share) == 0 }
            return seed % 2 == 0 ? chosen : chosen.shuffled(using: &generator)
        }
        let all = try Database.duckDB().connect().query(sql).collect().rows
        let expected = places.enumerated().map { all[$1].map(RowSamples.text) + ["\(7 * $0)"] }
        #expect(stream.rows == expected)
    }

    @Test func `the schema has the types of the table, and the number of a row`() throws {
        let (stream, _) = try written(RowSamples.query(1, seed: 1)) { _ in [0] }
        let table = RowSamples.table
        #expect(stream.columns.map(\.name) == table.columns.map(\.name) + ["number_of_row"])
        #expect(stream.columns.map(\.isNullable) == table.columns.map(\.isNullable) + [false])
        // Timestamp, Date, Int, Int, FloatingPoint, Bool, Utf8, Binary, Decimal; Int.
        let types: [UInt8] = [10, 8, 2, 2, 3, 6, 5, 4, 7]
        #expect(stream.columns.map(\.type) == types.flatMap { [$0, $0] } + [2])
    }

    @Test func `a column that must have a value and has none is zero, false or empty`() throws {
        let values = try written(RowSamples.missing) { _ in [0] }.stream.rows[0]
        #expect((1..<18).allSatisfy { $0 % 2 == 0 || values[$0] == "null" })
        #expect(stride(from: 0, to: 18, by: 2).map { values[$0] } == ["0", "0", "0", "0", "0", "false", "", "[]", "0"])
    }
}
