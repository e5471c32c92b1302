internal import Orchestration

extension BenchScenario {
    static let distributed = [
        forward(
            "kafka-journal-append",
            "frames of one trade from a local journal to a Kafka topic of 12 partitions over loopback",
            rows: 2_000_000, tradesMax: 1),
        forward(
            "kafka-journal-append-mixed",
            "the same with frames of ten trades of different instruments, copied to every partition that has one",
            rows: 200_000, tradesMax: 19),
        work(
            "kafka-journal-read",
            "frames of one trade from a Kafka topic of 12 partitions through one worker, to bars and lake",
            rows: 1_000_000, tradesMax: 1),
        work(
            "kafka-journal-read-mixed",
            "the same with frames of ten trades of different instruments, many of them copies",
            rows: 20_000, tradesMax: 19),
    ]

    private static func work(_ name: String, _ summary: String, rows: Int, tradesMax: Int) -> BenchScenario {
        BenchScenario(name: name, summary: summary, rows: rows) { rows in
            try BenchFolder.with { folder in
                let report = try WorkerBench.run(folder: folder + "/data", frames: rows, tradesMax: tradesMax)
                var details = [
                    ("frames", Double(report.frames)), ("open_seconds", report.openSeconds),
                    ("stored_seconds", report.storedSeconds),
                    ("state_bytes", Double(report.stateBytes)),
                ]
                details += report.cpuNsPerTrade.filter { $0.ns >= 1 }.map { ("cpu_ns_per_trade_" + $0.thread, $0.ns) }
                return BenchFigures(
                    rows: report.trades, seconds: report.seconds, cpuSeconds: report.cpuSeconds, details: details)
            }
        }
    }

    private static func forward(_ name: String, _ summary: String, rows: Int, tradesMax: Int) -> BenchScenario {
        BenchScenario(name: name, summary: summary, rows: rows) { rows in
            try BenchFolder.with { folder in
                let report = try ForwardBench.run(folder: folder + "/data", frames: rows, tradesMax: tradesMax)
                var details = [
                    ("forward_ns_per_frame", report.forwardNsPerFrame), ("frame_bytes", report.frameBytes),
                    ("topic_bytes_per_frame", report.topicBytesPerFrame), ("copies_per_frame", report.copiesPerFrame),
                ]
                details += report.cpuNsPerFrame.filter { $0.ns >= 1 }.map { ("cpu_ns_per_frame_" + $0.thread, $0.ns) }
                return BenchFigures(
                    rows: report.frames, seconds: report.seconds, cpuSeconds: report.cpuSeconds, details: details)
            }
        }
    }
}
