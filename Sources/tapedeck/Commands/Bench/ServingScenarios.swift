internal import Serving

extension BenchScenario {
    static let serving = [
        BenchScenario(
            name: "fanout",
            summary: "live messages: 50,000 events/s, 100 clients with 10 of 1,000 instruments, one with all",
            rows: 1_000_000
        ) { rows in
            figures(try FanoutBench.paced(events: max(1, rows / 2)))
        },
        BenchScenario(
            name: "fanout-ceiling", summary: "live messages to 100 clients with everything, p99 within 2 ms",
            rows: 8_000_000
        ) { rows in
            // All rates and the flood together deliver 12.6 million messages in steps of a second.
            let ceiling = try FanoutBench.ceiling(secondsPerStep: min(3, max(0.05, Double(rows) / 12_600_000)))
            let steps = ceiling.steps.flatMap { step in
                let name = "at_\(Int(step.offered / 1000))k"
                return [
                    (name: name + "_p99_us", value: Double(step.result.p99Ns) / 1000),
                    (name: name + "_server_cpu_us_per_row", value: 1e6 / step.result.messagesPerServerCPUSecond),
                ]
            }
            let flatOut = [
                (name: "flat_out_per_s", value: ceiling.flatOut.messagesPerSecond.rounded()),
                (name: "flat_out_per_server_cpu_s", value: ceiling.flatOut.messagesPerServerCPUSecond.rounded()),
            ]
            var best = figures(ceiling.best?.result ?? ceiling.steps[0].result)
            best.details += [(name: "bound_kept", value: ceiling.best == nil ? 0 : 1)] + steps + flatOut
            return best
        },
    ]

    private static func figures(_ result: FanoutBench.Result) -> BenchFigures {
        BenchFigures(
            rows: result.messages, seconds: result.seconds, cpuSeconds: result.cpuSeconds,
            p50Micros: Double(result.p50Ns) / 1000, p99Micros: Double(result.p99Ns) / 1000,
            details: [
                ("max_us", Double(result.maxNs) / 1000), ("server_cpu_s", result.serverCPUSeconds),
                ("server_cpu_us_per_row", 1e6 / result.messagesPerServerCPUSecond),
                ("messages_per_read", result.messagesPerRead), ("lost", Double(result.lost)),
            ])
    }
}
