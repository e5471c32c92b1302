internal import Feeds

extension BenchScenario {
    static let decoding = [
        BenchScenario(name: "decode", summary: "Finnhub frames of ten trades to columns, one core", rows: 50_000_000) {
            rows in
            let report = DecodeBench.finnhub(trades: rows)
            return BenchFigures(
                rows: Int64(report.trades), seconds: report.seconds, cpuSeconds: report.cpuSeconds,
                details: [
                    ("bytes_per_s", (Double(report.bytes) / report.seconds).rounded()),
                    ("parse_limit_rows_per_s", (Double(report.trades) / report.parseSeconds).rounded()),
                ])
        }
    ]
}
