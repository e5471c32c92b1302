internal import CDecode
internal import Market
internal import Platform

/// Measures decoders on frames that it makes itself: one core, everything in memory.
///
/// A slower decoder here means a longer recovery after a crash and a lower ceiling of the whole pipeline, whose engine
/// thread decodes.
public enum DecodeBench {
    /// What was measured.
    public struct Report: Sendable {
        public let trades: Int
        public let bytes: Int64
        public let seconds: Double
        /// User and system time of the process.
        public let cpuSeconds: Double
        /// What finding the tokens of the same frames alone takes.
        public let parseSeconds: Double
    }

    /// Decodes Finnhub frames of about ten trades over a hundred instruments until `trades` were read.
    ///
    /// - Parameter trades: rounded up to whole rounds over about 200,000 distinct trades.
    public static func finnhub(trades wanted: Int) -> Report {
        let frames = FinnhubFrames(trades: min(wanted, 200_000))
        let context = DecoderContext(instruments: InstrumentTable(), conditions: StringTable(), feedNumber: 0)
        let decoder = FrameDecoders.finnhub(context)
        let events = EventBatch()
        let run = FrameRun()
        decode(frames, run, decoder, events)  // once unmeasured: memory is touched, names are known
        let rounds = max(1, (wanted + frames.trades - 1) / frames.trades)
        let cpuNs = Stopwatch.processCPUNs()
        let watch = Stopwatch()
        for _ in 0..<rounds { decode(frames, run, decoder, events) }
        let seconds = watch.seconds
        let cpuSeconds = Double(Stopwatch.processCPUNs() - cpuNs) / 1e9
        return Report(
            trades: rounds * frames.trades, bytes: Int64(rounds) * Int64(frames.bytes.count), seconds: seconds,
            cpuSeconds: cpuSeconds, parseSeconds: parse(frames, rounds: max(1, rounds / 8)) * Double(rounds))
    }

    /// Decodes all frames once in runs of 512, about a block of the journal, handing the batch on after 32,768 trades
    /// as the engine's loop does.
    private static func decode(
        _ frames: FinnhubFrames, _ run: FrameRun, _ decoder: any FeedDecoder, _ events: EventBatch
    ) {
        unsafe frames.bytes.withUnsafeBytes { bytes in
            for (number, range) in frames.ranges.enumerated() {
                unsafe run.append(
                    payload: UnsafeRawBufferPointer(rebasing: bytes[range]), journalOffset: Int64(number),
                    ingestTimeNs: 1_700_000_000_000_000_000)
                guard run.count == 512 || number == frames.ranges.count - 1 else { continue }
                decoder.decode(run, into: events)
                run.removeAll()
                if events.trades.count >= 32_768 { events.removeAll() }
            }
        }
        precondition(events.deadLetters.count == 0, "the frames of the benchmark are valid")
        events.removeAll()
    }

    /// Seconds in which simdjson finds the tokens of all frames once, the mean of `rounds`.
    private static func parse(_ frames: FinnhubFrames, rounds: Int) -> Double {
        let handle = unsafe td_decoder_create(nil, nil, false)
        defer { unsafe td_decoder_destroy(handle) }
        let watch = Stopwatch()
        for _ in 0..<rounds {
            unsafe frames.bytes.withUnsafeBytes { bytes in
                for range in frames.ranges {
                    let text = unsafe bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
                    let frame = unsafe td_frame(
                        bytes: text.map { unsafe $0 + range.lowerBound }, count: range.count, ingest_time_ns: 0,
                        journal_offset: 0)
                    precondition(unsafe td_count_tokens(handle, frame) > 0, "the frames of the benchmark are valid")
                }
            }
        }
        return watch.seconds / Double(rounds)
    }
}

/// Frames in the venue's form, from a fixed seed, one behind the other with readable bytes at the end.
private struct FinnhubFrames {
    private(set) var bytes: [UInt8] = []
    private(set) var ranges: [Range<Int>] = []
    private(set) var trades = 0

    init(trades wanted: Int) {
        var state: UInt64 = 42
        func random(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(bound))
        }
        let conditions = ["null", "[\"1\"]", "[\"1\",\"12\"]", "[\"1\",\"8\",\"24\"]"]
        var timeMs = 1_700_000_000_000
        while trades < wanted {
            let start = bytes.count
            let count = 5 + random(11)
            let events = (0..<count).map { _ -> String in
                let symbol = random(2) == 0 ? "BINANCE:SYM\(random(50))USDT" : "SY\(random(50))"
                let price = "\(10 + random(900)).\(10 + random(90))"
                timeMs += random(3)
                return
                    "{\"c\":\(conditions[random(4)]),\"p\":\(price),\"s\":\"\(symbol)\",\"t\":\(timeMs),\"v\":\(1 + random(500))}"
            }
            bytes += "{\"data\":[\(events.joined(separator: ","))],\"type\":\"trade\"}".utf8
            ranges.append(start..<bytes.count)
            trades += count
        }
        bytes += Array(repeating: UInt8(ascii: " "), count: 64)
    }
}
