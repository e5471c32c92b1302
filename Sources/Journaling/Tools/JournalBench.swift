internal import Platform

/// Measures a journal on this machine.
public enum JournalBench {
    /// What was measured.
    public struct Result: Sendable {
        /// Frames appended or read.
        public var frames: Int64 = 0
        /// Payload bytes of them.
        public var payloadBytes: Int64 = 0
        /// Bytes of them as stored.
        public var storedBytes: Int64 = 0
        /// From the first append to the last record being durable, or from the first read to the last.
        public var seconds: Double = 0
        /// Time from append to durable; 0 where it was not measured.
        public var ackNsP50: Int64 = 0
        public var ackNsP99: Int64 = 0
        public var ackNsMax: Int64 = 0
        /// Blocks written, and upper bounds (powers of two) of the time of one write with its sync.
        public var blocks: Int64 = 0
        public var syncNsP50: Int64 = 0
        public var syncNsP99: Int64 = 0
        /// User and system time of the process.
        public var cpuSeconds: Double = 0

        public var framesPerSecond: Double { Double(frames) / seconds }
        public var bytesPerSecond: Double { Double(payloadBytes) / seconds }

        /// One JSON object.
        public var json: String {
            "{\"frames\":\(frames),\"payload_bytes\":\(payloadBytes),\"stored_bytes\":\(storedBytes),"
                + "\"seconds\":\(JSONText.number(seconds)),\"cpu_seconds\":\(JSONText.number(cpuSeconds)),"
                + "\"frames_per_second\":\(JSONText.number(framesPerSecond.rounded())),"
                + "\"bytes_per_second\":\(JSONText.number(bytesPerSecond.rounded())),"
                + "\"ack_p50_us\":\(ackNsP50 / 1000),\"ack_p99_us\":\(ackNsP99 / 1000),\"ack_max_us\":\(ackNsMax / 1000),"
                + "\"blocks\":\(blocks),\"sync_p50_us\":\(syncNsP50 / 1000),\"sync_p99_us\":\(syncNsP99 / 1000)}"
        }
    }

    /// Appends `frames` records of `frameBytes` from one thread to a new journal in `path`.
    ///
    /// - Parameter framesPerSecond: the pace, with acknowledgement times measured for every record; nil: as fast as it
    ///   goes, without them.
    public static func append(
        path: String, frames: Int, frameBytes: Int, framesPerSecond: Double? = nil,
        options: Journal.Options = Journal.Options()
    ) throws(JournalError) -> Result {
        let journal = try Journal(path: path, options: options)
        defer { journal.close() }
        let feed = try journal.feed(named: "bench")
        let observer = framesPerSecond.map { _ in AcknowledgementTimes(journal, frames: frames) }
        let payloads = BenchFrames(bytes: frameBytes)
        let cpuNs = Stopwatch.processCPUNs()
        let watch = Stopwatch()
        var last: Offset = 0
        for index in 0..<frames {
            if let framesPerSecond { wait(until: Int64(Double(index) / framesPerSecond * 1e9), on: watch) }
            observer?.willAppend(index)
            last = try unsafe journal.append(.data, feed: feed, ingestTime: .now(), payload: payloads[index])
        }
        try journal.waitUntilDurable(last)
        var result = Result()
        result.seconds = watch.seconds
        result.cpuSeconds = Double(Stopwatch.processCPUNs() - cpuNs) / 1e9
        result.frames = Int64(frames)
        result.payloadBytes = Int64(frames) * Int64(frameBytes)
        result.storedBytes = journal.metrics.storedBytes.value
        result.blocks = journal.metrics.blocks.value
        result.syncNsP50 = journal.metrics.sync.quantileNs(0.5)
        result.syncNsP99 = journal.metrics.sync.quantileNs(0.99)
        if let observer {
            let times = observer.finish()
            result.ackNsP50 = times[times.count / 2]
            result.ackNsP99 = times[times.count * 99 / 100]
            result.ackNsMax = times[times.count - 1]
        }
        return result
    }

    /// Reads the journal in `path` from front to back, checking every checksum.
    public static func read(path: String) throws(JournalError) -> Result {
        let reader = try JournalReader(path: path, from: try JournalInspector.oldestOffset(path))
        var result = Result()
        let cpuNs = Stopwatch.processCPUNs()
        let watch = Stopwatch()
        while let block = try reader.next() {
            result.frames += Int64(block.count)
            result.blocks += 1
            block.forEach { record in result.payloadBytes += unsafe Int64(record.payload.count) }
        }
        result.seconds = watch.seconds
        result.cpuSeconds = Double(Stopwatch.processCPUNs() - cpuNs) / 1e9
        result.storedBytes = try SegmentCatalog(folder: path).segments.reduce(0) { $0 + $1.fileBytes }
        return result
    }

    private static func wait(until elapsedNs: Int64, on watch: Stopwatch) {
        let leftNs = elapsedNs - watch.elapsedNs
        if leftNs > 100_000 { NamedThread.sleep(ns: leftNs) }
    }
}

/// Frames like those of a market data feed: JSON text in which a few digits change.
@safe
private final class BenchFrames {
    private static let variants = 256
    private let memory: UnsafeMutableRawBufferPointer
    private let frameBytes: Int

    init(bytes: Int) {
        frameBytes = bytes
        unsafe memory = .allocate(byteCount: max(1, bytes) * Self.variants, alignment: 64)
        var state: UInt64 = 0x9e37_79b9_7f4a_7c15
        for variant in 0..<Self.variants {
            var text: [UInt8] = []
            while text.count < bytes {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                let price = 40_000 + state >> 50
                let size = state >> 40 & 0xffff
                text += Array(
                    "{\"type\":\"trade\",\"s\":\"BINANCE:BTCUSDT\",\"p\":\(price).\(size % 100),\"v\":0.\(size),\"t\":17000\(state >> 35)}"
                        .utf8)
            }
            for (place, byte) in text.prefix(bytes).enumerated() { unsafe memory[variant * bytes + place] = byte }
        }
    }

    deinit { unsafe memory.deallocate() }

    subscript(index: Int) -> UnsafeRawBufferPointer {
        let start = index % Self.variants * frameBytes
        return unsafe UnsafeRawBufferPointer(rebasing: memory[start..<start + frameBytes])
    }
}

/// Measures, for every record, the time until a waiting thread learns that it is durable.
private final class AcknowledgementTimes: @unchecked Sendable {  // see the comments at the columns
    private let journal: Journal
    /// Written by the appender before the offset is durable, read by the observer after: the journal's lock orders them.
    private let appendedNs: Column<Int64>
    private let times = Column<Int64>()
    private let first: Offset
    private let end: Offset
    private var thread: NamedThread?

    init(_ journal: Journal, frames: Int) {
        self.journal = journal
        first = journal.nextOffset
        end = first + Offset(frames)
        appendedNs = Column(capacity: frames)
        appendedNs.truncateOrExtend(to: frames)
        for index in 0..<frames { appendedNs[index] = 0 }
        thread = NamedThread("bench-ack") { self.observe() }
    }

    func willAppend(_ index: Int) { appendedNs[index] = Stopwatch.monotonicNs() }

    private func observe() {
        var next = first
        while next < end, (try? journal.waitUntilDurable(next)) != nil {
            let durable = min(journal.durableOffset, end)
            let nowNs = Stopwatch.monotonicNs()
            while next < durable {
                times.append(nowNs - appendedNs[Int(next - first)])
                next += 1
            }
        }
    }

    /// All times, sorted.
    func finish() -> [Int64] {
        thread?.join()
        return (0..<times.count).map { times[$0] }.sorted()
    }
}
