internal import Market
internal import Networking
internal import Platform
internal import Synchronization

/// A server with a live stream, its clients, and trades to publish: what `FanoutBench` runs.
///
/// The calling thread publishes, as the engine's thread would; the clients are read by one other thread.
final class FanoutRig {
    /// What a message's time shows when the monotonic clock shows zero: makes every time 19 digits long.
    private static let epochNs: Int64 = 1_700_000_000_000_000_000
    /// Messages on their way beyond which a flood waits.
    private static let floodMessagesMax: Int64 = 100_000
    /// Events published together in a flood.
    private static let floodRows = 20

    private let stream = LiveStream()
    private let server: HTTPServer
    private let receivers: StreamReceivers
    private let instruments = InstrumentTable()
    private let batch = TradeBatch()
    private var random: UInt64 = 0x9E37_79B9_7F4A_7C15

    /// A subscription to trades; no instruments stand for all.
    static func request(instruments: [Int]) -> String {
        let names = instruments.map { "\"BENCH:\(symbol($0))\"" }.joined(separator: ",")
        return "{\"op\":\"subscribe\",\"channels\":[\"trades\"]"
            + (instruments.isEmpty ? "}" : ",\"instruments\":[\(names)]}")
    }

    private static func symbol(_ number: Int) -> String { "S\(String(10_000 + number).dropFirst())" }

    /// Opens a server and connects one client per request.
    init(instruments count: Int, requests: [String]) throws(NetworkError) {
        for number in 0..<count {
            _ = instruments.intern(Instrument(venue: "BENCH", symbol: Self.symbol(number)))
        }
        var options = HTTPServer.Options()
        options.port = 0
        options.maxConnections = requests.count + 1
        let connections = LiveConnections(stream)
        server = try HTTPServer(options: options, webSockets: ["/stream": connections]) { _, responder in
            responder.respond(.error(404, code: "not_found", "nothing"))
        }
        let beginning = "{\"type\":\"trade\",\"instrument\":\"BENCH:"
        let format = StreamReceivers.Format(
            beginning: beginning, momentAt: (beginning + "S0000\",\"event_time_ns\":").utf8.count,
            epochNs: Self.epochNs)
        receivers = try StreamReceivers(port: server.port, path: "/stream", requests: requests, format: format)
    }

    deinit { server.stop() }

    /// Publishes `events` and waits until `expecting` messages arrived, or nothing did for a second.
    ///
    /// - Parameter eventsPerSecond: nil for as many as the clients take.
    func run(events: Int, eventsPerSecond: Double?, expecting: Int64) throws(NetworkError) -> FanoutBench.Result {
        let receivers = receivers
        let received = Atomic<Int64>(0)
        let outcome = Mutex<Swift.Result<StreamReceivers.Report, NetworkError>?>(nil)
        let isPublished = Atomic(false)
        let cpuNs = Stopwatch.processCPUNs()
        let startNs = Stopwatch.monotonicNs() + 2_000_000
        let reader = NamedThread("bench-clients") {
            var lastCount: Int64 = 0
            var lastNs = Stopwatch.monotonicNs()
            let report = Swift.Result { () throws(NetworkError) in
                try receivers.receive { messages in
                    received.store(messages, ordering: .relaxed)
                    if messages >= expecting { return true }
                    guard isPublished.load(ordering: .acquiring) else { return false }
                    if messages != lastCount { (lastCount, lastNs) = (messages, Stopwatch.monotonicNs()) }
                    return Stopwatch.monotonicNs() - lastNs > 1_000_000_000
                }
            }
            received.store(.max, ordering: .relaxed)
            outcome.withLock { $0 = report }
        }
        if let eventsPerSecond {
            publish(events, perSecond: eventsPerSecond, from: startNs)
        } else {
            flood(events, messagesPerEvent: expecting / Int64(events), received)
        }
        isPublished.store(true, ordering: .releasing)
        reader.join()
        guard let outcome = outcome.withLock({ $0 }) else { preconditionFailure("the reader left no report") }
        let report = try outcome.get()
        var result = FanoutBench.Result()
        result.messages = report.messages
        result.lost = expecting - report.messages
        result.bytes = report.bytes
        result.seconds = Double(report.lastNs - startNs) / 1e9
        result.cpuSeconds = Double(Stopwatch.processCPUNs() - cpuNs) / 1e9
        result.serverCPUSeconds = result.cpuSeconds - Double(report.cpuNs) / 1e9
        result.p50Ns = report.latency.quantileNs(0.5)
        result.p99Ns = report.latency.quantileNs(0.99)
        result.maxNs = report.latency.maxNs
        result.messagesPerRead = Double(report.messages) / Double(max(1, report.reads))
        return result
    }

    /// Publishes each event as it becomes due: those that became due during a publication or a sleep go together.
    private func publish(_ events: Int, perSecond: Double, from startNs: Int64) {
        let gapNs = 1e9 / perSecond
        var next = 0
        while next < events {
            let aheadNs = startNs + Int64(Double(next) * gapNs) - Stopwatch.monotonicNs()
            if aheadNs > 0 {
                Pause.wait(ns: aheadNs)
                continue
            }
            batch.removeAll()
            let nowNs = Stopwatch.monotonicNs()
            while next < events, batch.count < 2000 {
                let dueNs = startNs + Int64(Double(next) * gapNs)
                guard dueNs <= nowNs else { break }
                append(dueNs)
                next += 1
            }
            stream.publish(batch, rows: 0..<batch.count, instruments: instruments)
        }
    }

    /// Publishes as long as not too many messages are on their way.
    private func flood(_ events: Int, messagesPerEvent: Int64, _ received: borrowing Atomic<Int64>) {
        var sent: Int64 = 0
        var left = events
        while left > 0 {
            while sent - received.load(ordering: .relaxed) > Self.floodMessagesMax { Pause.wait(ns: 20_000) }
            batch.removeAll()
            let nowNs = Stopwatch.monotonicNs()
            for _ in 0..<min(Self.floodRows, left) { append(nowNs) }
            left -= batch.count
            sent += Int64(batch.count) * messagesPerEvent
            stream.publish(batch, rows: 0..<batch.count, instruments: instruments)
        }
    }

    /// A trade of any instrument, all equally likely, received at `dueNs`.
    private func append(_ dueNs: Int64) {
        random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        let instrument = InstrumentID((random >> 33) % UInt64(instruments.count))
        batch.append(
            instrument: instrument, eventTimeNs: dueNs + Self.epochNs, ingestTimeNs: dueNs + Self.epochNs,
            price: Double(100_000 + (random >> 40) % 1000) / 100, size: Double(1 + (random >> 50) % 100) / 10,
            side: random & 1 << 62 == 0 ? .buy : .sell, tradeID: Int64(random >> 34), journalOffset: 0, frameIndex: 0)
    }
}
