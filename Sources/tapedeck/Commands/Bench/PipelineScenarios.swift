internal import Orchestration

extension BenchScenario {
    static let pipeline = [
        BenchScenario(
            name: "end-to-end",
            summary: "frames to journal, decoder, bars and indicators, all in the lake; rows are trades",
            rows: 20_000_000
        ) { rows, market in
            try BenchFolder.with { folder in
                let report = try PipelineBench.endToEnd(folder: folder + "/data", trades: rows, market: market)
                let trades = Double(report.trades)
                var details = [
                    ("lake_rows", Double(report.rows)), ("lake_bytes_per_trade", Double(report.lakeBytes) / trades),
                    ("journal_bytes_per_trade", Double(report.journalBytes) / trades), ("bars", Double(report.bars)),
                    ("early_rss_bytes", Double(report.residentBytesEarly)),
                    ("late_rss_bytes", Double(report.residentBytesLate)),
                ]
                details += report.cpuNsPerTrade.filter { $0.ns >= 1 }.map { ("cpu_ns_per_trade_" + $0.thread, $0.ns) }
                return BenchFigures(
                    rows: report.trades, seconds: report.seconds, cpuSeconds: report.cpuSeconds, details: details)
            }
        }
    ]
}
