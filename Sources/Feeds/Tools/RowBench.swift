internal import Market
internal import Platform

/// Measures the decoders of rows on frames that it makes itself: one core, everything in memory.
///
/// A slower decoder here costs twice: what is pushed is decoded when it is answered and again by the engine.
public enum RowBench {
    /// What was measured.
    public struct Report: Sendable {
        public let rows: Int
        public let bytes: Int64
        public let seconds: Double
        /// User and system time of the process.
        public let cpuSeconds: Double
        /// The same where rows in the form of our own writers are read like any other.
        public let anyFormCPUSeconds: Double
    }

    /// Decodes rows until as many were read.
    ///
    /// - Parameter rows: rounded up to whole rounds over about 100,000 distinct rows.
    public static func run(_ table: RowTable, rows wanted: Int) -> Report {
        let frames = RowFrames(table, rows: min(wanted, 100_000))
        let rounds = max(1, (wanted + frames.rows - 1) / frames.rows)
        let usual = decode(frames, table, rounds: rounds, knowsFixedForm: true)
        let anyForm = decode(frames, table, rounds: max(1, rounds / 4), knowsFixedForm: false)
        return Report(
            rows: rounds * frames.rows, bytes: Int64(rounds) * Int64(frames.bytes.count), seconds: usual.seconds,
            cpuSeconds: usual.cpuSeconds,
            anyFormCPUSeconds: anyForm.cpuSeconds * Double(rounds) / Double(max(1, rounds / 4)))
    }

    private static func decode(
        _ frames: RowFrames, _ table: RowTable, rounds: Int, knowsFixedForm: Bool
    ) -> (seconds: Double, cpuSeconds: Double) {
        let context = DecoderContext(instruments: InstrumentTable(), conditions: StringTable(), feedNumber: 0)
        let decoder = FrameDecoders.rows(table, context, venue: "V", knowsFixedForm: knowsFixedForm)
        let events = EventBatch()
        decode(frames, decoder, events)  // once unmeasured: memory is touched, names are known
        let cpuNs = Stopwatch.processCPUNs()
        let watch = Stopwatch()
        for _ in 0..<rounds { decode(frames, decoder, events) }
        return (watch.seconds, Double(Stopwatch.processCPUNs() - cpuNs) / 1e9)
    }

    /// Decodes all frames once, emptying the batch as the engine's loop does.
    private static func decode(_ frames: RowFrames, _ decoder: any FeedDecoder, _ events: EventBatch) {
        let run = FrameRun()
        unsafe frames.bytes.withUnsafeBytes { bytes in
            for (number, range) in frames.ranges.enumerated() {
                unsafe run.append(
                    payload: UnsafeRawBufferPointer(rebasing: bytes[range]), journalOffset: Int64(number),
                    ingestTimeNs: 1_700_000_000_000_000_000)
                guard run.count == 8 || number == frames.ranges.count - 1 else { continue }
                decoder.decode(run, into: events)
                run.removeAll()
                if events.trades.count + events.quotes.count + events.transactions.count >= 32_768 {
                    events.removeAll()
                }
            }
        }
        precondition(events.deadLetters.count == 0, "the frames of the benchmark are valid")
        events.removeAll()
    }
}

/// Frames of rows, from a fixed seed, one behind the other with readable bytes at the end.
private struct RowFrames {
    private(set) var bytes: [UInt8] = []
    private(set) var ranges: [Range<Int>] = []
    private(set) var rows = 0
    private var random = SimulatorRandom(seed: 42, stream: 1)

    init(_ table: RowTable, rows wanted: Int) {
        let stream = TransactionStream(seed: 42, rate: 20_000, badShare: 0, repeatShare: 0)
        var slot: Int64 = 17_000_000_000
        while rows < wanted {
            switch table {
            case .transactions:
                for frame in stream.frames(slot) { add(frame, rows: frame.count { $0 == UInt8(ascii: "\n") }) }
                slot += 1
            case .trades: add((0..<1000).map { trade(rows + $0) }.joined().utf8, rows: 1000)
            case .quotes: add((0..<1000).map { quote(rows + $0) }.joined().utf8, rows: 1000)
            }
        }
        bytes += Array(repeating: UInt8(ascii: " "), count: 64)
    }

    private mutating func add(_ frame: some Collection<UInt8>, rows count: Int) {
        ranges.append(bytes.count..<bytes.count + frame.count)
        bytes += frame
        rows += count
    }

    private mutating func whole(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &random) }

    private mutating func price() -> String { "\(10 + whole(900)).\(10 + whole(90))" }

    private mutating func head(_ number: Int) -> String {
        "{\"symbol\":\"NASDAQ:SYM\(whole(100))\",\"event_time_ns\":\(1_700_000_000_000_000_000 + number * 1_000_003)"
    }

    private mutating func trade(_ number: Int) -> String {
        let side = whole(2) == 0 ? "buy" : "sell"
        return head(number)
            + ",\"price\":\(price()),\"size\":\(1 + whole(500)),\"side\":\"\(side)\",\"trade_id\":\(number)}\n"
    }

    private mutating func quote(_ number: Int) -> String {
        head(number)
            + ",\"bid\":\(price()),\"ask\":\(price()),\"bid_size\":\(1 + whole(500)),\"ask_size\":\(1 + whole(500))}\n"
    }
}
