internal import Analytics
internal import Feeds
internal import Platform

/// Measures a feed on a source that has everything ready, with the whole pipeline behind it.
public enum FeedBench {
    /// What was measured.
    public struct Report: Sendable {
        public var rows: Int64 = 0
        public var bytesPerMessage = 0.0
        /// From the first message in the journal to the last.
        public var seconds = 0.0
        /// The same until all rows are in the lake.
        public var secondsToLake = 0.0
        /// User and system time of the process, the source included, until all rows are in the lake.
        public var cpuSeconds = 0.0
        /// Processor time by thread, in nanoseconds per message.
        public var cpuNsPerRow: [(thread: String, ns: Double)] = []
    }

    /// Runs until the feed has journaled `rows` messages of one trade each, and they are in the lake.
    ///
    /// - Parameters:
    ///   - folder: for journal, lake and state; not to be there yet.
    ///   - feed: one item of `feeds`, as a pipeline file has it.
    ///   - name: of the feed.
    /// - Throws: `PipelineError`, and what the pipeline throws.
    static func run(folder: String, feed: String, name: String, rows: Int) throws -> Report {
        var report = Report(rows: Int64(rows))
        let settings = try PipelineConfiguration.parse(
            """
            pipeline: bench
            data: \(folder)
            feeds: [\(feed)]
            bars: [1s, 1m, 1h]
            indicators: [sma(20), rsi(14), atr(14)]
            serve: { listen: 127.0.0.1:0 }
            """, file: nil, components: Registry.components)
        let pipeline = try Pipeline(settings)
        defer { pipeline.stop() }
        pipeline.start()
        let before = Dictionary(uniqueKeysWithValues: ThreadTimes.byName())
        let cpuNs = Stopwatch.processCPUNs()
        try pipeline.startFeeds()
        func frames() throws -> Int64 {
            if let error = pipeline.feedErrors.first { throw PipelineError(error) }
            return pipeline.feedState(name)?.frames ?? 0
        }
        while try frames() == 0 { Pause.wait(ns: 1_000_000) }
        let watch = Stopwatch()
        while try frames() < report.rows { Pause.wait(ns: 2_000_000) }
        report.seconds = watch.seconds
        guard pipeline.flush() else { throw PipelineError("the rows could not be stored") }
        report.secondsToLake = watch.seconds
        report.cpuSeconds = Double(Stopwatch.processCPUNs() - cpuNs) / 1e9
        report.cpuNsPerRow = ThreadTimes.byName().map { name, ns in
            (name, Double(ns - (before[name] ?? 0)) / Double(rows))
        }
        let engine = pipeline.report.snapshot
        guard Int64(engine.totals.trades) == report.rows, engine.deadLetters == 0 else {
            throw PipelineError(
                "\(engine.totals.trades) of \(report.rows) rows arrived, \(engine.deadLetters) dead letters")
        }
        return report
    }

    /// A trade as clients send it: `lane` has instruments of its own, so that their trades stay in order.
    static func trade(_ row: Int, lane: Int, lanes: Int, startNs: Int64) -> String {
        "{\"symbol\":\"NASDAQ:C\(lane)S\(row / lanes % 64)\",\"event_time_ns\":\(startNs + Int64(row)),"
            + "\"price\":\(10 + row * 37 % 900).\(10 + row * 13 % 90),\"size\":\(1 + row * 7 % 500)}"
    }
}
