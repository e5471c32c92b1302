internal import Journaling

extension BenchScenario {
    static let journal = [
        BenchScenario(
            name: "journal-append", summary: "durable append of frames of ten trades (620 bytes) from one thread",
            rows: 4_000_000
        ) { rows in try append(rows, frameBytes: 620) },
        BenchScenario(
            name: "journal-append-small", summary: "durable append of 100-byte frames from one thread",
            rows: 10_000_000
        ) { rows in try append(rows, frameBytes: 100) },
        BenchScenario(name: "journal-ack", summary: "acknowledgement at 100,000 frames/s", rows: 1_000_000) { rows in
            try BenchFolder.with { folder in
                let disk = try DiskBench.syncTimes(folder: folder, bytes: 64 << 10, count: 2000, perSecond: 1000)
                let result = try JournalBench.append(
                    path: folder + "/journal", frames: rows, frameBytes: 100, framesPerSecond: 100_000)
                var figures = figures(result)
                figures.details += [
                    ("max_us", Double(result.ackNsMax) / 1000),
                    ("raw_sync_p50_us", Double(disk[disk.count / 2]) / 1000),
                    ("raw_sync_p99_us", Double(disk[disk.count * 99 / 100]) / 1000),
                ]
                return figures
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

    /// Appends as fast as it goes. Before and after, about as many bytes are written past the page cache for
    /// comparison; the disk is what both runs say on average.
    private static func append(_ rows: Int, frameBytes: Int) throws -> BenchFigures {
        try BenchFolder.with { folder in
            let bytes = min(max(Int64(rows) * Int64(frameBytes), 256 << 20), 1 << 30)
            let before = try DiskBench.directWrite(folder: folder, bytes: bytes)
            let result = try JournalBench.append(path: folder + "/journal", frames: rows, frameBytes: frameBytes)
            let disk = (before + (try DiskBench.directWrite(folder: folder, bytes: bytes))) / 2
            let stored = Double(result.storedBytes) / result.seconds
            var figures = figures(result)
            figures.details += [
                ("stored_bytes_per_s", stored.rounded()), ("direct_write_bytes_per_s", disk.rounded()),
                ("share_of_direct_write", stored / disk),
                ("payload_share_of_direct_write", result.bytesPerSecond / disk),
            ]
            return figures
        }
    }

    private static func figures(_ result: JournalBench.Result) -> BenchFigures {
        BenchFigures(
            rows: result.frames, seconds: result.seconds, cpuSeconds: result.cpuSeconds,
            p50Micros: result.ackNsP50 > 0 ? Double(result.ackNsP50) / 1000 : nil,
            p99Micros: result.ackNsP99 > 0 ? Double(result.ackNsP99) / 1000 : nil,
            details: [("bytes_per_s", result.bytesPerSecond.rounded())])
    }
}
