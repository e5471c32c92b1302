internal import Analytics
public import Feeds
internal import Foundation
internal import Journaling
internal import Lake
internal import Platform

/// Measures a whole pipeline on a made-up market: frames in, journal durable, decoded, bars at three intervals with SMA,
/// RSI and ATR, bronze, silver and gold in the lake.
public enum PipelineBench {
    /// What was measured.
    public struct Report: Sendable {
        public var trades: Int64 = 0
        /// From the first frame to the last row in the lake.
        public var seconds = 0.0
        public var cpuSeconds = 0.0
        /// Rows of all tables that the lake got.
        public var rows: Int64 = 0
        /// Bytes of the lake's files.
        public var lakeBytes: Int64 = 0
        /// Bytes of the journal's files.
        public var journalBytes: Int64 = 0
        /// Final bars.
        public var bars: Int64 = 0
        /// Processor time by thread, in nanoseconds per trade.
        public var cpuNsPerTrade: [(thread: String, ns: Double)] = []
        /// Resident memory after a quarter of the trades and at the end, in bytes.
        public var residentBytesEarly: Int64 = 0
        public var residentBytesLate: Int64 = 0
        /// Flushes to the lake, and the time of an average one by what it did, in nanoseconds.
        public var flushes: Int64 = 0
        public var flushNs: [(step: String, ns: Double)] = []
        /// From opening the filled folder again until the engine is where it was.
        public var restartSeconds = 0.0
        /// The most memory that rows took before they were in the lake, in bytes.
        public var hotBytesMax = 0
    }

    /// Runs a pipeline over `trades` in a folder.
    ///
    /// - Parameters:
    ///   - folder: for journal, lake and state; not to be there yet.
    ///   - market: instruments, trades per second of event time, seed.
    /// - Throws: `PipelineError` and what the pipeline throws.
    public static func endToEnd(
        folder: String, trades: Int, market: SyntheticTrades.Options = SyntheticTrades.Options()
    ) throws -> Report {
        let pipeline = try Pipeline(configuration(folder))
        let source = SyntheticSource(market, trades: trades)
        let cpuNs = Stopwatch.processCPUNs()
        let watch = Stopwatch()
        pipeline.start()
        pipeline.run(source, name: "synthetic")
        var report = Report()
        while !pipeline.areFeedsFinished {
            Pause.wait(ns: 20_000_000)
            report.hotBytesMax = max(report.hotBytesMax, pipeline.store.hotBytes)
            if report.residentBytesEarly == 0, pipeline.report.snapshot.totals.trades > UInt64(trades / 4) {
                report.residentBytesEarly = Stopwatch.residentBytes()
            }
        }
        guard pipeline.feedErrors.isEmpty, pipeline.flush() else {
            throw PipelineError("the run failed: \(pipeline.feedErrors.joined(separator: "; "))")
        }
        report.seconds = watch.seconds
        report.cpuSeconds = Double(Stopwatch.processCPUNs() - cpuNs) / 1e9
        report.residentBytesLate = Stopwatch.residentBytes()
        report.cpuNsPerTrade = ThreadTimes.byName().map { ($0.name, Double($0.cpuNs) / Double(trades)) }
        let engine = pipeline.report.snapshot
        report.trades = Int64(engine.totals.trades)
        report.bars = Int64(engine.totals.bars)
        report.rows = pipeline.flushLoop.report.rows
        report.lakeBytes = pipeline.flushLoop.report.bytes
        report.journalBytes = pipeline.journal.bytes
        let flushed = pipeline.flushLoop.report
        report.flushes = flushed.flushes
        report.flushNs = [("write", flushed.writeNs), ("commit", flushed.commitNs), ("swap", flushed.swapNs)].map {
            ($0.0, Double($0.1) / Double(max(1, flushed.flushes)))
        }
        guard report.trades == Int64(trades), engine.deadLetters == 0 else {
            throw PipelineError("\(report.trades) of \(trades) trades arrived, \(engine.deadLetters) dead letters")
        }
        pipeline.stop()
        report.restartSeconds = try restart(folder, at: pipeline.journal.durableOffset)
        return report
    }

    private static func restart(_ folder: String, at offset: Offset) throws -> Double {
        let watch = Stopwatch()
        let pipeline = try Pipeline(configuration(folder))
        pipeline.start()
        while pipeline.store.visibleOffset + 1 < offset { Pause.wait(ns: 1_000_000) }
        defer { pipeline.stop() }
        return watch.seconds
    }

    static func configuration(_ folder: String) throws -> PipelineConfiguration {
        try PipelineConfiguration.parse(
            """
            pipeline: bench
            data: \(folder)
            bars: [1s, 1m, 1h]
            indicators: [sma(20), rsi(14), atr(14)]
            """, file: nil, components: Registry.components)
    }
}
