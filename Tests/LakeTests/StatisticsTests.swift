import Databases
import Foundation
import Lake
import Market
import Platform
import TestKit
import Testing

@Suite struct StatisticsTests {
    /// A file's statistics; read by a decoder, since `JSONSerialization` rounds doubles wrongly.
    private struct FileStatistics: Decodable {
        enum Bound: Decodable, Equatable {
            case integer(Int64), double(Double), text(String)

            init(from decoder: any Decoder) throws {
                let container = try decoder.singleValueContainer()
                if let number = try? container.decode(Int64.self) {
                    self = .integer(number)
                } else if let number = try? container.decode(Double.self) {
                    self = .double(number)
                } else {
                    self = .text(try container.decode(String.self))
                }
            }
        }
        let numRecords: Int64
        let minValues: [String: Bound]
        let maxValues: [String: Bound]
        let nullCount: [String: Int64]
    }

    private func statistics(_ lake: String, _ table: String) throws -> [(path: String, stats: FileStatistics)] {
        try (DeltaTable.open("\(lake)/\(table)")?.files ?? []).map { file in
            let stats = try JSONDecoder().decode(FileStatistics.self, from: Data(try #require(file.stats).utf8))
            return ("\(lake)/\(table)/\(file.relativePath)", stats)
        }
    }

    @Test func `statistics are those of the file's own rows`() throws {
        let folder = TemporaryFolder()
        let store = try HotStore(options(folder))
        SampleSteps(seed: 21, steps: 4, events: 200).append(to: store, 0..<4)
        _ = try store.flush(upTo: store.visibleOffset)
        let connection = try store.connect()
        for table in Tables.all {
            for (path, stats) in try statistics(store.lake.url, table.name) {
                for column in table.columns {
                    let name = "\"\(column.name)\""
                    let sql = "SELECT count(*), count(*) - count(\(name)), min(\(name)), max(\(name)) FROM '\(path)'"
                    let row = try connection.query(sql).collect().rows[0]
                    #expect(SQLValue.integer(stats.numRecords) == row[0])
                    #expect(
                        stats.nullCount[column.name].map { SQLValue.integer($0) } == row[1], "\(table.name).\(name)")
                    expectBound(stats.minValues[column.name], row[2], column, "\(table.name).\(name) min")
                    expectBound(stats.maxValues[column.name], row[3], column, "\(table.name).\(name) max")
                }
                #expect(stats.minValues[table.partition.column] == nil)
            }
        }
    }

    private func expectBound(
        _ found: FileStatistics.Bound?, _ value: SQLValue, _ column: TableSchema.Column, _ place: Comment
    ) {
        switch (column.type, value, found) {
        case (.boolean, _, _), (.binary, _, _), (_, .null, _): #expect(found == nil, place)
        case (.float64, .double(let number), .integer(let whole)): #expect(Double(whole) == number, place)
        case (_, .integer(let number), _): #expect(found == .integer(number), place)
        case (_, .double(let number), _): #expect(found == .double(number), place)
        case (_, .timestamp(let moment, _), .text(let text)):
            #expect(Timestamp(rfc3339: text) == moment && text.utf8.count == 27, place)
        case (.decimal, _, .double(let number)): #expect(number == Double(value.text), place)
        default: #expect(found == .text(value.text), place)
        }
    }

    @Test func `long texts are cut to bounds that still hold`() throws {
        let folder = TemporaryFolder()
        let store = try HotStore(options(folder))
        let long = String(repeating: "é", count: 40)
        let dictionary = StringDictionary(values: [long])
        let dictionaries = BatchDictionaries(
            venues: dictionary, symbols: dictionary, conditions: dictionary, feeds: dictionary)
        let trades = TradeBatch()
        trades.append(
            instrument: 0, eventTimeNs: 0, ingestTimeNs: 0, price: .infinity, size: .nan, journalOffset: 0,
            frameIndex: 0)
        store.append([trades], dictionaries, upTo: 0)
        _ = try store.flush(upTo: 0)
        let stats = try #require(try statistics(store.lake.url, "trades").first).stats
        let (minima, maxima) = (stats.minValues, stats.maxValues)
        #expect(minima["venue"] == .text(String(repeating: "é", count: 32)))
        #expect(maxima["venue"] == .text(String(repeating: "é", count: 32) + "\u{10FFFF}"))
        #expect(minima["price"] == nil && minima["size"] == nil)
        #expect(minima["event_time"] == .text("1970-01-01T00:00:00.000000Z"))
    }
}
