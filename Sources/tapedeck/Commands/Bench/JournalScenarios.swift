internal import Journaling

extension BenchScenario {
    static let journal = [
        BenchScenario(
            name: "journal-append", summary: "durable append of 100-byte frames from one thread", rows: 10_000_000
        ) { rows in
            try BenchFolder.with { figures(try JournalBench.append(path: $0, frames: rows, frameBytes: 100)) }
        },
        BenchScenario(name: "journal-ack", summary: "acknowledgement at 100,000 frames/s", rows: 1_000_000) { rows in
            try BenchFolder.with {
                figures(
                    try JournalBench.append(path: $0, frames: rows, frameBytes: 100, framesPerSecond: 100_000))
            }
        },
        BenchScenario(
            name: "journal-read", summary: "read from the page cache, every checksum checked", rows: 10_000_000
        ) { rows in
            try BenchFolder.with { folder in
                _ = try JournalBench.append(path: folder, frames: rows, frameBytes: 100)
                // What was written did not pass through the page cache; the first reading fills it.
                _ = try JournalBench.read(path: folder)
                return figures(try JournalBench.read(path: folder))
            }
        },
    ]

    private static func figures(_ result: JournalBench.Result) -> BenchFigures {
        BenchFigures(
            rows: result.frames, seconds: result.seconds, cpuSeconds: result.cpuSeconds,
            p50Micros: result.ackNsP50 > 0 ? Double(result.ackNsP50) / 1000 : nil,
            p99Micros: result.ackNsP99 > 0 ? Double(result.ackNsP99) / 1000 : nil,
            details: [("bytes_per_s", result.bytesPerSecond)])
    }
}
