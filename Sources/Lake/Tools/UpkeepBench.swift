internal import Databases
internal import Market
internal import Platform

/// Measures what looks after tables: compaction of many files, and a log of very many.
///
/// A slower compaction here means a lake that falls behind its pipelines; a slower log means commands and starts that keep people waiting.
public enum UpkeepBench {
    /// What was measured.
    public struct Report: Sendable {
        public var rows: Int64 = 0
        public var seconds = 0.0
        /// User and system time of the process.
        public var cpuSeconds = 0.0
        /// Bytes of Parquet read, and of the files that came of it.
        public var bytes: (before: Int64, after: Int64) = (0, 0)
        public var files: (before: Int, after: Int) = (0, 0)
    }

    /// Puts files of 100,000 sorted trades each together, of one second each.
    ///
    /// - Parameters:
    ///   - lake: a folder of its own.
    ///   - overlapping: whether all files have the same trades, rather than one those that follow another's.
    public static func compaction(lake: String, rows: Int, overlapping: Bool = false) throws(LakeError) -> Report {
        let folder = lake + "/" + Tables.trades.name
        let table = try DeltaTable.open(folder, creating: Tables.trades)
        let fileRows = min(rows, 100_000)
        let market = BenchTrades.market()
        func next() -> ParquetBenchTable {
            ParquetBenchTable(Tables.trades, market.next(fileRows).columns, rows: fileRows, groupRows: 131_072)
        }
        var file = next()
        let partition = "date=2026-01-01"
        try DurableFile.makeFolder("\(folder)/\(partition)")
        var report = Report()
        var added: [AddFile] = []
        for number in 0..<max(2, rows / fileRows) {
            if number > 0, !overlapping { file = next() }
            let name = PartName(writer: "bench", firstOffset: Int64(number), lastOffset: Int64(number))
            let written = try file.write("\(folder)/\(partition)/\(name.final)")
            added.append(
                AddFile(
                    relativePath: "\(partition)/\(name.final)", partitionValues: ["date": "2026-01-01"],
                    size: written.bytes, modificationTime: 0,
                    stats: DeltaStatistics(report: written, schema: Tables.trades).json))
        }
        _ = try table.commit(add: added)
        let compaction = try Compaction(table)
        let cpuNs = Stopwatch.processCPUNs()
        let watch = Stopwatch()
        for group in compaction.groups() {
            guard let outcome = try compaction.run(group) else { continue }
            report.rows += outcome.rows
            report.bytes.before += group.bytes
            report.bytes.after += outcome.bytes
            report.files.before += group.files.count
            report.files.after += outcome.files
        }
        report.seconds = watch.seconds
        report.cpuSeconds = Double(Stopwatch.processCPUNs() - cpuNs) / 1e9
        return report
    }

    /// What queries of one instrument on one day take, in a table of a year.
    public struct QueryReport: Sendable {
        public var rows: Int64 = 0
        public var openSeconds = 0.0
        /// The first query, which reads the ends of files.
        public var coldSeconds = 0.0
        /// Later ones, rising.
        public var warmSeconds: [Double] = []
    }

    /// Asks for the trades of one instrument and day, day by day, in a table with a file for each day of a year.
    ///
    /// - Parameter lake: a folder of its own.
    public static func query(lake: String, rows: Int) throws(LakeError) -> QueryReport {
        let folder = lake + "/" + Tables.trades.name
        let table = try DeltaTable.open(folder, creating: Tables.trades)
        let trades = BenchTrades(rows: max(1000, rows / 365))
        let file = ParquetBenchTable(Tables.trades, trades.columns, rows: trades.rows, groupRows: 131_072)
        let path = lake + "/day.parquet"
        let written = try file.write(path)
        let statistics = DeltaStatistics(report: written, schema: Tables.trades).json
        let days = (0..<365).map { "\(CivilDate(daysSinceEpoch: 20_454 + Int64($0)))" }
        var added: [AddFile] = []
        for (number, day) in days.enumerated() {
            try DurableFile.makeFolder("\(folder)/date=\(day)")
            let name = PartName(writer: "bench", firstOffset: Int64(number), lastOffset: Int64(number)).final
            _ = try DurableFile.linkIfAbsent(path, to: "\(folder)/date=\(day)/\(name)")
            added.append(
                AddFile(
                    relativePath: "date=\(day)/\(name)", partitionValues: ["date": day], size: written.bytes,
                    modificationTime: 0, stats: statistics))
        }
        _ = try table.commit(add: added)
        var report = QueryReport(rows: Int64(trades.rows * days.count))
        var watch = Stopwatch()
        let reader = try LakeReader(lake)
        let connection = try reader.connect()
        report.openSeconds = watch.seconds
        for day in days.prefix(40) {
            watch = Stopwatch()
            let found = try onDatabase(day) { () throws(DatabaseError) in
                try connection.query(
                    "SELECT count(*), max(price) FROM trades WHERE symbol = 'S0007' AND date = DATE '\(day)'"
                ).collect().rows
            }
            precondition(found[0][0] != .integer(0), "no trades of the instrument on \(day)")
            report.warmSeconds.append(watch.seconds)
        }
        report.coldSeconds = report.warmSeconds.removeFirst()
        report.warmSeconds.sort()
        return report
    }

    /// What a log of so many files takes, in seconds.
    public struct LogReport: Sendable {
        public var files = 0
        public var checkpointSeconds = 0.0
        public var openSeconds = 0.0
        public var summarySeconds = 0.0
        public var vacuumSeconds = 0.0
        public var logBytes: Int64 = 0
    }

    /// A log that names many small files, which are there: its checkpoint, its opening from it, a vacuum that takes a tenth of them.
    ///
    /// - Parameter lake: a folder of its own.
    public static func log(lake: String, files count: Int) throws(LakeError) -> LogReport {
        let folder = lake + "/" + Tables.trades.name
        let table = try DeltaTable.open(folder, creating: Tables.trades)
        let trades = BenchTrades(rows: 1000)
        let rows = ParquetBenchTable(Tables.trades, trades.columns, rows: trades.rows, groupRows: 1000)
        // File systems allow some 65,000 names of one file.
        let paths = (0...count / 50_000).map { "\(lake)/\($0).parquet" }
        var written = try rows.write(paths[0])
        for path in paths.dropFirst() { written = try rows.write(path) }
        let statistics = DeltaStatistics(report: written, schema: Tables.trades).json
        var added: [AddFile] = []
        for number in 0..<count {
            let partition = "date=20\(10 + number % 90)-01-01"
            if number < 90 { try DurableFile.makeFolder("\(folder)/\(partition)") }
            let name = PartName(writer: "bench", firstOffset: Int64(number), lastOffset: Int64(number))
            _ = try DurableFile.linkIfAbsent(paths[number / 50_000], to: "\(folder)/\(partition)/\(name.final)")
            added.append(
                AddFile(
                    relativePath: "\(partition)/\(name.final)",
                    partitionValues: ["date": "20\(10 + number % 90)-01-01"], size: written.bytes, modificationTime: 0,
                    stats: statistics))
        }
        _ = try table.commit(add: added)
        _ = try table.commit(
            add: [],
            remove: added.enumerated().filter { $0.offset % 10 == 0 }.map { RemoveFile($0.element, dataChange: true) })
        var report = LogReport(files: count)
        var watch = Stopwatch()
        try table.checkpoint()
        report.checkpointSeconds = watch.seconds
        report.logBytes = try DurableFile.status("\(folder)/_delta_log/\(DeltaLog.number(2)).checkpoint.parquet").bytes
        watch = Stopwatch()
        guard let opened = try DeltaTable.open(folder) else { return report }
        report.openSeconds = watch.seconds
        watch = Stopwatch()
        _ = try opened.summary()
        report.summarySeconds = watch.seconds
        watch = Stopwatch()
        let later = Timestamp(nanoseconds: Timestamp.now().nanoseconds + 2 * Vacuum.retentionNs)
        let vacuum = try Vacuum(opened, now: later).run()
        report.vacuumSeconds = watch.seconds
        precondition(vacuum.files == (count + 9) / 10, "vacuum took other files than those that were removed")
        return report
    }
}
