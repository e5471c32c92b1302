internal import Analytics

extension BenchScenario {
    static let analytics = [
        BenchScenario(
            name: "bars", summary: "trades to bars (1s, 1m, 1h) with SMA, RSI and ATR, one core", rows: 20_000_000
        ) { rows in
            let report = AnalyticsBench.bars(rows: rows)
            return BenchFigures(
                rows: Int64(report.rows), seconds: report.seconds,
                cpuSeconds: report.cpuNsPerRow * Double(report.rows) / 1e9)
        }
    ]
}
