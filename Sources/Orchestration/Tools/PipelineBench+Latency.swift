internal import Analytics
internal import Databases
internal import Feeds
internal import Foundation
internal import Journaling
internal import Lake
internal import Platform
internal import Synchronization

extension PipelineBench {
    /// How long a restart took.
    public struct RecoveryReport: Sendable {
        /// Frames behind the last checkpoint.
        public var frames: Int64 = 0
        /// From opening to queries seeing the last durable frame.
        public var seconds = 0.0
        public var cpuSeconds = 0.0
        /// From opening until the journal takes new frames.
        public var secondsUntilJournal = 0.0
    }

    /// Fills a journal as a pipeline would that was killed before its first checkpoint, then starts a pipeline on it.
    ///
    /// - Parameter tradesPerFrame: 1 makes frames as short as a venue sends them in quiet times.
    public static func recovery(folder: String, frames: Int) throws -> RecoveryReport {
        try fill(folder, frames: frames)
        let configuration = try configuration(folder)
        let cpuNs = Stopwatch.processCPUNs()
        let watch = Stopwatch()
        let pipeline = try Pipeline(configuration)
        var report = RecoveryReport()
        report.secondsUntilJournal = watch.seconds
        let target = pipeline.journal.durableOffset
        pipeline.start()
        while pipeline.store.visibleOffset + 1 < target { Pause.wait(ns: 1_000_000) }
        report.seconds = watch.seconds
        report.cpuSeconds = Double(Stopwatch.processCPUNs() - cpuNs) / 1e9
        report.frames = pipeline.report.snapshot.frames
        pipeline.stop()
        guard report.frames == Int64(frames) else {
            throw PipelineError("\(report.frames) of \(frames) frames were there after the restart")
        }
        return report
    }

    private static func fill(_ folder: String, frames: Int) throws {
        let configuration = try configuration(folder)
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let journal = try Journal(path: configuration.journal.path)
        defer { journal.close() }
        let feed = try journal.feed(named: "synthetic")
        var market = SyntheticTrades()
        defer { market.free() }
        var settings = SyntheticTrades.settings
        var last = try settings.withUTF8 { bytes in
            unsafe try journal.append(
                .begin, feed: feed, ingestTime: .now(), payload: UnsafeRawBufferPointer(bytes))
        }
        for _ in 0..<frames {
            let ingestTime = Timestamp(nanoseconds: market.eventTimeNs + 1_000_000)
            _ = try unsafe market.next(atMost: 1) { payload in
                last = try unsafe journal.append(.data, feed: feed, ingestTime: ingestTime, payload: payload)
            }
        }
        try journal.waitUntilDurable(last)
    }

    /// How long rows took from their receipt until SQL saw them.
    public struct VisibleReport: Sendable {
        public var frames: Int64 = 0
        public var seconds = 0.0
        public var cpuSeconds = 0.0
        /// Time from receipt to the answer of the first query that has the row, in nanoseconds, sorted.
        public var delaysNs: [Int64] = []
    }

    /// Pushes trades at a pace while a connection asks for the newest row over and over.
    ///
    /// - Parameter perSecond: trades per second.
    public static func visible(folder: String, trades: Int, perSecond: Int = 20_000) throws -> VisibleReport {
        let pipeline = try Pipeline(configuration(folder))
        let source = PacedTrades(trades: trades, perSecond: perSecond)
        let cpuNs = Stopwatch.processCPUNs()
        let watch = Stopwatch()
        pipeline.start()
        pipeline.run(source, name: "synthetic")
        let connection = try pipeline.store.connect()
        var report = VisibleReport()
        var seen: Int64 = -1
        while !pipeline.areFeedsFinished || seen < pipeline.journal.durableOffset - 2 {
            let answer = try connection.query("SELECT max(journal_offset), max(ingest_time_ns) FROM trades").collect()
            let nowNs = Timestamp.now().nanoseconds
            guard case .integer(let offset)? = answer.rows.first?.first, offset > seen else { continue }
            // Every frame that was not there at the last look counts with its own receipt.
            for frame in max(0, seen + 1)...offset {
                if let receivedNs = source.receivedNs(offset: frame) { report.delaysNs.append(nowNs - receivedNs) }
            }
            seen = offset
        }
        report.seconds = watch.seconds
        report.cpuSeconds = Double(Stopwatch.processCPUNs() - cpuNs) / 1e9
        report.frames = Int64(report.delaysNs.count)
        report.delaysNs.sort()
        pipeline.stop()
        return report
    }
}

/// One trade per frame at a pace, with the time of each receipt remembered.
private final class PacedTrades: FeedSource {
    private let trades: Int
    private let perSecond: Int
    /// Receipt by journal offset.
    private let times = Mutex<[Int64]>([])

    init(trades: Int, perSecond: Int) {
        self.trades = trades
        self.perSecond = perSecond
    }

    func receivedNs(offset: Int64) -> Int64? {
        times.withLock { $0.indices.contains(Int(offset)) && $0[Int(offset)] > 0 ? $0[Int(offset)] : nil }
    }

    func run(into output: any FeedOutput, status: FeedStatus) throws {
        var market = SyntheticTrades(SyntheticTrades.Options(tradesPerSecond: perSecond))
        defer { market.free() }
        let sink = try output.sink(feed: "synthetic")
        try sink.begin(settings: SyntheticTrades.settings, ingestTime: .now())
        // The records of the feed's name and of the session's begin come first.
        times.withLock { $0 = [0, 0] }
        let watch = Stopwatch()
        for index in 0..<trades where !output.isCancelled {
            let leftNs = Int64(Double(index) / Double(perSecond) * 1e9) - watch.elapsedNs
            if leftNs > 100_000 { Pause.wait(ns: leftNs) }
            let now = Timestamp.now()
            _ = try unsafe market.next(atMost: 1) { payload in try unsafe sink.frame(payload, ingestTime: now) }
            times.withLock { $0.append(now.nanoseconds) }
        }
        try sink.end(ingestTime: .now())
    }
}
