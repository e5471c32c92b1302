internal import Lake

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
    ]

    private static func figures(
        _ report: ParquetBench.Report, _ details: [(name: String, value: Double)]
    ) -> BenchFigures {
        BenchFigures(
            rows: Int64(report.rows), seconds: report.seconds, cpuSeconds: report.cpuSeconds,
            details: [("file_bytes_per_row", Double(report.bytes) / Double(report.rows))] + details)
    }
}
