internal import Market
internal import Platform

/// Measures the Parquet writer on rows that it makes itself, sorted as a flush sorts them.
///
/// A slower writer here means a flush that takes processor time from the engine.
public enum ParquetBench {
    /// What was measured.
    public struct Report: Sendable {
        public var rows = 0
        /// Bytes of the files.
        public var bytes: Int64 = 0
        /// Bytes of the values before encoding, where that is the measure.
        public var payloadBytes: Int64 = 0
        public var seconds = 0.0
        /// User and system time of the process.
        public var cpuSeconds = 0.0
        /// CPU nanoseconds a row of each column written alone.
        public var columns: [(name: String, cpuNsPerRow: Double)] = []
    }

    private static let batchRows = 1_000_000
    private static let rowGroupRows = 250_000

    /// Writes trades of a thousand instruments, all columns of the table, in files of a million rows.
    public static func trades(path: String, rows: Int) throws(LakeError) -> Report {
        let trades = BenchTrades(rows: min(rows, batchRows))
        let table = ParquetBenchTable(Tables.trades, trades.columns, rows: trades.rows, groupRows: rowGroupRows)
        var alone: [(name: String, cpuNsPerRow: Double)] = []
        for (place, column) in table.columns.enumerated() {
            let groups = table.groups.map { (columns: [$0.columns[place]], rows: $0.rows) }
            let single = try measure(path, ParquetBenchTable(columns: [column], groups: groups), rows: trades.rows)
            alone.append((column.name, single.cpuSeconds * 1e9 / Double(single.rows)))
        }
        var report = try measure(path, table, rows: rows)
        report.columns = alone
        return report
    }

    /// Writes frames of ten trades each, about 620 bytes of JSON; a row is a trade.
    public static func frames(path: String, trades rows: Int) throws(LakeError) -> Report {
        let frames = BenchFrameRows(trades: min(rows, 500_000))
        let table = ParquetBenchTable(Tables.frames, frames.columns, rows: frames.batch.count, groupRows: rowGroupRows)
        var report = try measure(path, table, rows: max(1, rows / 10))
        report.payloadBytes = Int64(frames.batch.payload.count) * Int64(report.rows / frames.batch.count)
        report.rows *= 10
        return report
    }

    private static func measure(_ path: String, _ table: ParquetBenchTable, rows: Int) throws(LakeError) -> Report {
        _ = try table.write(path)  // once unmeasured: memory is touched
        var report = Report()
        let cpuNs = Stopwatch.processCPUNs()
        let watch = Stopwatch()
        repeat {
            let file = try table.write(path)
            report.bytes += file.bytes
            report.rows += Int(file.rows)
        } while report.rows < rows
        report.seconds = watch.seconds
        report.cpuSeconds = Double(Stopwatch.processCPUNs() - cpuNs) / 1e9
        return report
    }
}
