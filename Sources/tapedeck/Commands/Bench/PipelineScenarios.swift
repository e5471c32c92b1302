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
                    ("hot_max_bytes", Double(report.hotBytesMax)), ("late_rss_bytes", Double(report.residentBytesLate)),
                    ("restart_seconds", report.restartSeconds),
                ]
                details += [("flushes", Double(report.flushes))]
                details += report.flushNs.map { ("flush_\($0.step)_ms", $0.ns / 1e6) }
                details += report.cpuNsPerTrade.filter { $0.ns >= 1 }.map { ("cpu_ns_per_trade_" + $0.thread, $0.ns) }
                return BenchFigures(
                    rows: report.trades, seconds: report.seconds, cpuSeconds: report.cpuSeconds, details: details)
            }
        },
        BenchScenario(
            name: "ingest",
            summary: "rows pushed by HTTP in batches of 1,000 from 8 clients, answered once durable, until in the lake",
            rows: 8_000_000
        ) { rows in
            try BenchFolder.with { folder in
                let report = try IngestBench.run(folder: folder + "/data", rows: rows)
                var details = [
                    ("seconds_to_lake", report.secondsToLake), ("busy_answers", Double(report.busy)),
                ]
                details += report.cpuNsPerRow.filter { $0.ns >= 1 }.map { ("cpu_ns_per_row_" + $0.thread, $0.ns) }
                return BenchFigures(
                    rows: report.rows, seconds: report.seconds, cpuSeconds: report.cpuSeconds,
                    p50Micros: Double(report.p50Ns) / 1000, p99Micros: Double(report.p99Ns) / 1000, details: details)
            }
        },
        feed(
            "kafka", "messages of one trade from a Kafka topic of 16 partitions over loopback, until in the journal",
            rows: 1_000_000, KafkaBench.run),
        feed(
            "kinesis", "records of one trade from sixteen shards of Amazon Kinesis over loopback, until in the journal",
            rows: 500_000, CloudBench.kinesis),
        feed(
            "pubsub", "messages of one trade pulled from Google Cloud Pub/Sub over loopback, until in the journal",
            rows: 500_000, CloudBench.pubSub),
        kafkaSink("kafka-sink", "a JSON message each", format: "json"),
        kafkaSink("kafka-sink-avro", "an Avro message each", format: "avro"),
        kafkaSink("kafka-sink-arrow", "those of an instrument together in Arrow", format: "arrow"),
        cloudSink(
            "kinesis-sink",
            "trades from a database in memory to a Kinesis stream over loopback, rows as lines of records",
            CloudSinkBench.kinesis),
        cloudSink(
            "pubsub-sink", "trades from a database in memory to a Pub/Sub topic over loopback, a message each, ordered",
            CloudSinkBench.pubSub),
        BenchScenario(
            name: "objects-sink",
            summary:
                "trades from a database in memory to gzip objects in a bucket over loopback; and bytes/s of stores alone",
            rows: 1_000_000
        ) { rows in
            try BenchFolder.with { folder in
                var details: [(String, Double)] = []
                for transfers in try ObjectsBench.transfers(folder: folder + "/bytes") {
                    details.append(("put_mb_per_s_\(transfers.place.rawValue)", transfers.put / 1e6))
                    details.append(("get_mb_per_s_\(transfers.place.rawValue)", transfers.get / 1e6))
                }
                for compression in ["none", "zstd"] {
                    let report = try ObjectsBench.sink(.bucket, compression: compression, rows: rows, folder: folder)
                    details.append(("rows_per_s_\(compression)", Double(report.rows) / report.seconds))
                    details.append(("bytes_per_row_\(compression)", Double(report.bytes) / Double(rows)))
                }
                let local = try ObjectsBench.sink(.folder, compression: "gzip", rows: rows, folder: folder + "/rows")
                details.append(("rows_per_s_folder", Double(local.rows) / local.seconds))
                let report = try ObjectsBench.sink(.bucket, compression: "gzip", rows: rows, folder: folder)
                details.append(("bytes_per_row", Double(report.bytes) / Double(rows)))
                details.append(("objects", Double(report.objects)))
                return BenchFigures(
                    rows: report.rows, seconds: report.seconds, cpuSeconds: report.cpuSeconds, details: details)
            }
        },
        BenchScenario(
            name: "recovery", summary: "restart after kill -9: one-trade frames behind the last checkpoint, until live",
            rows: 10_000_000
        ) { rows in
            try BenchFolder.with { folder in
                let report = try PipelineBench.recovery(folder: folder + "/data", frames: rows)
                return BenchFigures(
                    rows: report.frames, seconds: report.seconds, cpuSeconds: report.cpuSeconds,
                    details: [("journal_open_seconds", report.secondsUntilJournal)])
            }
        },
        BenchScenario(
            name: "visible", summary: "receipt of a trade until SQL answers with it, at 20,000 trades/s", rows: 200_000
        ) { rows in
            try BenchFolder.with { folder in
                let report = try PipelineBench.visible(folder: folder + "/data", trades: rows)
                let delays = report.delaysNs
                return BenchFigures(
                    rows: report.frames, seconds: report.seconds, cpuSeconds: report.cpuSeconds,
                    p50Micros: Double(delays[delays.count / 2]) / 1000,
                    p99Micros: Double(delays[delays.count * 99 / 100]) / 1000,
                    details: [("max_us", Double(delays[delays.count - 1]) / 1000)])
            }
        },
    ]

    private static func kafkaSink(_ name: String, _ messages: String, format: String) -> BenchScenario {
        BenchScenario(
            name: name,
            summary: "trades from a database in memory to a Kafka topic of 12 partitions over loopback, \(messages)",
            rows: 2_000_000
        ) { rows in
            let report = try KafkaSinkBench.run(rows: rows, format: format)
            var details = [
                ("bytes_per_row", report.bytesPerRow), ("rows_per_message", report.rowsPerMessage),
                ("encode_ns_per_row", report.encodeNsPerRow),
            ]
            details += report.cpuNsPerRow.filter { $0.ns >= 1 }.map { ("cpu_ns_per_row_" + $0.thread, $0.ns) }
            return BenchFigures(
                rows: report.rows, seconds: report.seconds, cpuSeconds: report.cpuSeconds, details: details)
        }
    }

    private static func cloudSink(
        _ name: String, _ summary: String,
        _ run: @escaping @Sendable (_ folder: String, _ rows: Int) throws -> CloudSinkBench.Report
    ) -> BenchScenario {
        BenchScenario(name: name, summary: summary, rows: 2_000_000) { rows in
            try BenchFolder.with { folder in
                let report = try run(folder, rows)
                return BenchFigures(
                    rows: report.rows, seconds: report.seconds, cpuSeconds: report.cpuSeconds,
                    details: [("bytes_per_row", report.bytesPerRow), ("requests", Double(report.requests))])
            }
        }
    }

    private static func feed(
        _ name: String, _ summary: String, rows: Int,
        _ run: @escaping @Sendable (_ folder: String, _ rows: Int) throws -> FeedBench.Report
    ) -> BenchScenario {
        BenchScenario(name: name, summary: summary, rows: rows) { rows in
            try BenchFolder.with { folder in
                let report = try run(folder + "/data", rows)
                var details = [
                    ("seconds_to_lake", report.secondsToLake), ("bytes_per_message", report.bytesPerMessage),
                ]
                details += report.cpuNsPerRow.filter { $0.ns >= 1 }.map { ("cpu_ns_per_row_" + $0.thread, $0.ns) }
                return BenchFigures(
                    rows: report.rows, seconds: report.seconds, cpuSeconds: report.cpuSeconds, details: details)
            }
        }
    }
}
