internal import Lake
internal import Platform

extension BenchScenario {
    static let lake = [
        BenchScenario(
            name: "parquet-write", summary: "sorted trades, 13 columns, to Parquet files, one core", rows: 20_000_000
        ) { rows in
            try BenchFolder.with { folder in
                let report = try ParquetBench.trades(path: folder + "/trades.parquet", rows: rows)
                return figures(report, report.columns.map { ("cpu_ns_" + $0.name, $0.cpuNsPerRow) })
            }
        },
        BenchScenario(
            name: "parquet-write-frames", summary: "frames of ten trades to Parquet files, by trade, one core",
            rows: 20_000_000
        ) { rows in
            try BenchFolder.with { folder in
                let report = try ParquetBench.frames(path: folder + "/frames.parquet", trades: rows)
                return figures(report, [("payload_bytes_per_row", Double(report.payloadBytes) / Double(report.rows))])
            }
        },
        BenchScenario(
            name: "lake-compact", summary: "files of 100,000 sorted trades each to one file; bytes are of Parquet read",
            rows: 10_000_000
        ) { rows in
            try BenchFolder.with { try compaction(UpkeepBench.compaction(lake: $0, rows: rows)) }
        },
        BenchScenario(
            name: "lake-compact-overlap", summary: "the same with files of one time: every row between rows of others",
            rows: 10_000_000
        ) { rows in
            try BenchFolder.with { try compaction(UpkeepBench.compaction(lake: $0, rows: rows, overlapping: true)) }
        },
        BenchScenario(
            name: "lake-query", summary: "trades of one instrument and day out of a year of days, each in a file",
            rows: 36_500_000
        ) { rows in
            try BenchFolder.with { folder in
                let cpuNs = Stopwatch.processCPUNs()
                let report = try UpkeepBench.query(lake: folder, rows: rows)
                let warm = report.warmSeconds
                return BenchFigures(
                    rows: report.rows, seconds: warm.reduce(0, +),
                    cpuSeconds: Double(Stopwatch.processCPUNs() - cpuNs) / 1e9,
                    p50Micros: warm[warm.count / 2] * 1e6, p99Micros: warm[warm.count - 1] * 1e6,
                    details: [("open_s", report.openSeconds), ("cold_s", report.coldSeconds)])
            }
        },
        BenchScenario(
            name: "lake-log", summary: "a table of many files: checkpoint, opening, list, vacuum; rows are files",
            rows: 100_000
        ) { rows in
            try BenchFolder.with { folder in
                let cpuNs = Stopwatch.processCPUNs()
                let report = try UpkeepBench.log(lake: folder, files: rows)
                return BenchFigures(
                    rows: Int64(report.files),
                    seconds: report.checkpointSeconds + report.openSeconds + report.summarySeconds
                        + report.vacuumSeconds, cpuSeconds: Double(Stopwatch.processCPUNs() - cpuNs) / 1e9,
                    details: [
                        ("checkpoint_s", report.checkpointSeconds), ("open_s", report.openSeconds),
                        ("list_s", report.summarySeconds), ("vacuum_s", report.vacuumSeconds),
                        ("checkpoint_bytes", Double(report.logBytes)),
                    ])
            }
        },
    ]

    private static func compaction(_ report: UpkeepBench.Report) -> BenchFigures {
        BenchFigures(
            rows: report.rows, seconds: report.seconds, cpuSeconds: report.cpuSeconds,
            details: [
                ("bytes_per_s", Double(report.bytes.before) / report.seconds),
                ("files", Double(report.files.before)), ("files_after", Double(report.files.after)),
                ("file_bytes_per_row", Double(report.bytes.after) / Double(report.rows)),
            ])
    }

    private static func figures(
        _ report: ParquetBench.Report, _ details: [(name: String, value: Double)]
    ) -> BenchFigures {
        BenchFigures(
            rows: Int64(report.rows), seconds: report.seconds, cpuSeconds: report.cpuSeconds,
            details: [("file_bytes_per_row", Double(report.bytes) / Double(report.rows))] + details)
    }
}
