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
        /// Trades and quotes.
        public let events: Int
        public let bytes: Int64
        public let seconds: Double
        /// User and system time of the process.
        public let cpuSeconds: Double
        /// What finding the tokens of the same frames alone takes.
        public let parseSeconds: Double
    }

    /// A decoder and the frames it is measured on.
    public enum Format: String, Sendable, CaseIterable {
        /// Frames of about ten trades.
        case finnhub
        /// One trade, aggregate trade or book ticker per frame, a third each.
        case binance
        /// One match or ticker per frame, half each.
        case coinbase
        /// One to three trades, or one ticker, per frame of WebSocket v2.
        case kraken
        /// About ten ticks of one symbol per message of the bridge.
        case mt5
        /// Answers of REST interfaces with 5,000 bars, a list of objects.
        case bars
        /// The same as CSV.
        case barsCSV = "bars-csv"
    }

    /// Decodes frames over a hundred instruments until `events` were read.
    ///
    /// - Parameter events: rounded up to whole rounds over about 200,000 distinct events.
    public static func run(_ format: Format, events wanted: Int) -> Report {
        let frames = BenchFrames(format, events: min(wanted, 200_000))
        let context = DecoderContext(instruments: InstrumentTable(), conditions: StringTable(), feedNumber: 0)
        let decoder = decoder(format, context)
        let events = EventBatch()
        let run = FrameRun()
        decode(frames, run, decoder, events)  // once unmeasured: memory is touched, names are known
        let rounds = max(1, (wanted + frames.events - 1) / frames.events)
        let cpuNs = Stopwatch.processCPUNs()
        let watch = Stopwatch()
        for _ in 0..<rounds { decode(frames, run, decoder, events) }
        let seconds = watch.seconds
        let cpuSeconds = Double(Stopwatch.processCPUNs() - cpuNs) / 1e9
        return Report(
            events: rounds * frames.events, bytes: Int64(rounds) * Int64(frames.bytes.count), seconds: seconds,
            cpuSeconds: cpuSeconds, parseSeconds: parse(frames, rounds: max(1, rounds / 8)) * Double(rounds))
    }

    private static func decoder(_ format: Format, _ context: DecoderContext) -> any FeedDecoder {
        switch format {
        case .finnhub: FrameDecoders.finnhub(context)
        case .binance: FrameDecoders.binance(context)
        case .coinbase: FrameDecoders.coinbase(context)
        case .kraken: FrameDecoders.kraken(context)
        case .mt5: FrameDecoders.mt5(context)
        case .bars: answers(context, .json)
        case .barsCSV: answers(context, .csv)
        }
    }

    private static func answers(_ context: DecoderContext, _ format: AnswerMapping.Format) -> any FeedDecoder {
        var mapping = AnswerMapping(source: "bench", kind: .bars)
        mapping.format = format
        mapping.interval = "1d"
        mapping.zone = "America/New_York"
        mapping.main.fields = ["time": "date", "open": "open", "high": "high", "low": "low", "close": "close"]
        mapping.main.fields.merge(["volume": "volume", "adjusted_close": "adjClose", "dividend": "divCash"]) { $1 }
        guard let decoder = try? AnswerDecoder(context, ["": mapping]) else { preconditionFailure("not a mapping") }
        return decoder
    }

    /// Decodes all frames once in runs of 512, about a block of the journal, handing the batch on after 32,768 rows
    /// as the engine's loop does.
    private static func decode(
        _ frames: BenchFrames, _ run: FrameRun, _ decoder: any FeedDecoder, _ events: EventBatch
    ) {
        unsafe frames.bytes.withUnsafeBytes { bytes in
            for (number, range) in frames.ranges.enumerated() {
                unsafe run.append(
                    payload: UnsafeRawBufferPointer(rebasing: bytes[range]), journalOffset: Int64(number),
                    ingestTimeNs: 1_700_000_000_000_000_000)
                guard run.count == 512 || number == frames.ranges.count - 1 else { continue }
                decoder.decode(run, into: events)
                run.removeAll()
                if events.trades.count + events.quotes.count + events.vendorBars.count >= 32_768 { events.removeAll() }
            }
        }
        precondition(
            events.deadLetters.count == 0 && events.ignored == 0, "the frames of the benchmark are valid and wanted")
        events.removeAll()
    }

    /// Seconds in which simdjson finds the tokens of all frames once, the mean of `rounds`.
    private static func parse(_ frames: BenchFrames, rounds: Int) -> Double {
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
