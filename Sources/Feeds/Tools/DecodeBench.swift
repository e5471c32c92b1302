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

        public var nsPerTrade: Double { seconds * 1e9 / Double(trades) }
    }

    /// Decodes Finnhub frames of about ten trades over a hundred instruments until `trades` were read.
    ///
    /// - Parameter trades: rounded up to whole rounds over about 200,000 distinct trades.
    public static func finnhub(trades wanted: Int) -> Report {
        let frames = FinnhubFrames(trades: min(wanted, 200_000))
        let context = DecoderContext(instruments: InstrumentTable(), conditions: StringTable(), feedNumber: 0)
        let decoder = FrameDecoders.finnhub(context)
        let events = EventBatch()
        decode(frames, decoder, events)  // once unmeasured: memory is touched, names are known
        let rounds = max(1, (wanted + frames.trades - 1) / frames.trades)
        let cpuNs = Stopwatch.processCPUNs()
        let watch = Stopwatch()
        for _ in 0..<rounds { decode(frames, decoder, events) }
        return Report(
            trades: rounds * frames.trades, bytes: Int64(rounds) * Int64(frames.bytes.count), seconds: watch.seconds,
            cpuSeconds: Double(Stopwatch.processCPUNs() - cpuNs) / 1e9)
    }

    /// Decodes all frames once, handing the batch on after 32,768 trades as the engine's loop does.
    private static func decode(_ frames: FinnhubFrames, _ decoder: any FeedDecoder, _ events: EventBatch) {
        unsafe frames.bytes.withUnsafeBytes { bytes in
            for (number, range) in frames.ranges.enumerated() {
                unsafe decoder.decode(
                    payload: UnsafeRawBufferPointer(rebasing: bytes[range]), journalOffset: Int64(number),
                    ingestTimeNs: 1_700_000_000_000_000_000, into: events)
                if events.trades.count >= 32_768 { events.removeAll() }
            }
        }
        precondition(events.deadLetters.count == 0, "the frames of the benchmark are valid")
        events.removeAll()
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
