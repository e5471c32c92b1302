import Databases
import Lake
import Market
import Platform
import TestKit
import Testing

@testable import Orchestration

/// All rows of all tables of a lake, each table sorted by all its columns.
struct LakeContents: Equatable {
    var tables: [String: [[SQLValue]]] = [:]
    /// Feeds get their numbers at the time of the machine, whatever is played.
    private static let isRepeatable = [Tables.controlRecords.name: "WHERE kind <> 'define'"]

    /// Reads the files of a lake as anybody else would.
    init(_ path: String) throws {
        let connection = try LakeReader(path).connect()
        for table in Tables.all {
            let condition = Self.isRepeatable[table.name] ?? ""
            let sql = "SELECT * FROM \(table.name) \(condition) ORDER BY ALL"
            tables[table.name] = try connection.query(sql).collect().rows
        }
    }

    /// Reads the views of a running pipeline: hot rows and files.
    init(_ pipeline: Pipeline) throws {
        let connection = try pipeline.store.connect()
        for table in Tables.all {
            let condition =
                ["bars": "WHERE final", "coverage": "WHERE NOT ongoing"][table.name] ?? Self.isRepeatable[table.name]
                ?? ""
            let sql = "SELECT * FROM \(table.name) \(condition) ORDER BY ALL"
            tables[table.name] = try connection.query(sql).collect().rows
        }
    }

    func rows(_ table: String) -> [[SQLValue]] { tables[table] ?? [] }

    /// Says where another differs, in few words: a whole table would bury the failure.
    func differences(from other: LakeContents) -> [String] {
        Tables.all.compactMap { table in
            let (mine, its) = (rows(table.name), other.rows(table.name))
            guard mine != its else { return nil }
            let place = zip(mine, its).enumerated().first { $1.0 != $1.1 }?.offset ?? min(mine.count, its.count)
            let (left, right) = (mine.dropFirst(place).first, its.dropFirst(place).first)
            return "\(table.name): \(mine.count) and \(its.count) rows; row \(place) is "
                + "\(Self.text(left)) and \(Self.text(right))"
        }
    }
}

extension LakeContents {
    private static func text(_ row: [SQLValue]?) -> String { row.map { "\($0)".prefix(600) + "" } ?? "none" }
}

/// A configuration on a data folder.
func configuration(
    _ folder: String, name: String = "test", intervals: String = "1s, 1m", flushRows: Int = 2_000_000,
    flush: String = "60s", other: String = ""
) throws -> PipelineConfiguration {
    try PipelineConfiguration.parse(
        """
        pipeline: \(name)
        data: \(folder)
        bars: { intervals: [\(intervals)], price_types: [trade, bid, ask] }
        indicators: [sma(3), rsi(3), atr(2)]
        sinks:
          - lake: { flush: \(flush), flush_rows: \(flushRows) }
        \(other)
        """, file: nil, components: Registry.components)
}

/// Waits up to `seconds` until `body` is true.
func eventually(seconds: Double = 20, _ body: () -> Bool) -> Bool {
    let watch = Stopwatch()
    while watch.seconds < seconds * Patience.factor {
        if body() { return true }
        Pause.wait(ns: 2_000_000)
    }
    return body()
}

extension Pipeline {
    /// Opens and starts a pipeline, plays records into it and waits until the source has ended.
    static func playing(_ records: [ScriptedRecord], _ configuration: PipelineConfiguration) throws -> Pipeline {
        let pipeline = try Pipeline(configuration)
        pipeline.start()
        pipeline.run(ScriptSource(records: records), name: "script")
        #expect(eventually { pipeline.areFeedsFinished })
        #expect(pipeline.feedErrors == [])
        return pipeline
    }

    /// The same, stored to the last record and stopped.
    static func play(_ records: [ScriptedRecord], _ configuration: PipelineConfiguration) throws {
        let pipeline = try playing(records, configuration)
        #expect(pipeline.flush())
        pipeline.stop()
    }
}
