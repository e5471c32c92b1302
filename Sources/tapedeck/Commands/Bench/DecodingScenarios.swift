internal import Feeds

extension BenchScenario {
    static let decoding = [
        decode("decode", .finnhub, "Finnhub frames of ten trades to columns, one core", rows: 50_000_000),
        decode("decode-binance", .binance, "Binance frames of one trade or quote to columns, one core"),
        decode("decode-coinbase", .coinbase, "Coinbase frames of one trade or quote to columns, one core"),
        decode("decode-kraken", .kraken, "Kraken frames of one to three trades or one quote to columns, one core"),
        decode("decode-mt5", .mt5, "Messages of ten MetaTrader ticks to columns, one core"),
        rows("decode-trade-rows", .trades, "trades as clients push them, 1,000 per frame, to columns, one core"),
        rows("decode-quote-rows", .quotes, "quotes as clients push them, 1,000 per frame, to columns, one core"),
        rows(
            "decode-transactions", .transactions,
            "client operations, 200 per frame, checked, to columns, in the generator's form and in any other; one core"),
        decode("decode-bars", .bars, "REST answers of 5,000 bars as JSON to columns, checked, one core"),
        decode("decode-bars-csv", .barsCSV, "REST answers of 5,000 bars as CSV to columns, checked, one core"),
    ]

    private static func decode(
        _ name: String, _ format: DecodeBench.Format, _ summary: String, rows: Int = 20_000_000
    ) -> BenchScenario {
        BenchScenario(name: name, summary: summary, rows: rows) { rows in
            let report = DecodeBench.run(format, events: rows)
            return BenchFigures(
                rows: Int64(report.events), seconds: report.seconds, cpuSeconds: report.cpuSeconds,
                details: [
                    ("bytes_per_s", (Double(report.bytes) / report.seconds).rounded()),
                    ("parse_limit_rows_per_s", (Double(report.events) / report.parseSeconds).rounded()),
                ])
        }
    }

    private static func rows(_ name: String, _ table: RowTable, _ summary: String) -> BenchScenario {
        BenchScenario(name: name, summary: summary, rows: 20_000_000) { rows in
            let report = RowBench.run(table, rows: rows)
            return BenchFigures(
                rows: Int64(report.rows), seconds: report.seconds, cpuSeconds: report.cpuSeconds,
                details: [
                    ("bytes_per_s", (Double(report.bytes) / report.seconds).rounded()),
                    ("any_form_rows_per_cpu_s", (Double(report.rows) / report.anyFormCPUSeconds).rounded()),
                ])
        }
    }
}
