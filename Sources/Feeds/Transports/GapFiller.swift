internal import Networking
internal import Platform

/// Asks a venue for trades that were missed, on a thread of its own and within the venue's limit, and pushes the answers
/// as frames of the feed.
///
/// An answer does not name its instrument, or not as the stream does, so that it is pushed inside an object of our own:
/// `{"backfill":"BTCUSDT","source":"https://…","data":` the answer as it came `}`.
final class GapFiller: @unchecked Sendable {  // `lock` guards every variable that more than its thread uses
    private let feed: String
    private let history: any TradeHistory
    private let client: any HistoryClient
    private let sink: any FrameSink
    let patience: GapFill.Patience
    private let numbers: TradeNumbers
    private let lock = Lock()
    private let changed: Condition
    private var waiting: [SequenceGap] = []
    private var isStopped = false
    private var thread: NamedThread?
    private var nextRequestNs = Int64.min
    /// Gaps that wait at most; an outage of every instrument of a large feed is several thousand.
    private static let waitingMax = 100_000

    /// - Parameter settings: those of the feed's sessions.
    init(
        feed: String, settings: String, history: any TradeHistory, client: any HistoryClient, sink: any FrameSink,
        patience: GapFill.Patience
    ) throws {
        self.feed = feed
        self.history = history
        self.client = client
        self.sink = sink
        self.patience = patience
        numbers = try TradeNumbers(settings: settings)
        changed = Condition(lock)
        thread = NamedThread("\(feed)-history") { [unowned self] in run() }
    }

    /// Takes gaps to be filled, in their order.
    func add(_ gaps: [SequenceGap]) {
        lock.withLock {
            for gap in gaps {
                Log.warning(
                    "trades are missing",
                    ["feed": feed, "instrument": gap.symbol, "first": gap.first, "last": gap.last])
                waiting.append(gap)
            }
            if waiting.count > Self.waitingMax {
                Log.error(
                    "too many gaps; the oldest stay open", ["feed": feed, "gaps": waiting.count - Self.waitingMax])
                waiting.removeFirst(waiting.count - Self.waitingMax)
            }
            changed.signal()
        }
    }

    /// Ends the thread; gaps that wait stay open.
    func stop() {
        lock.withLock {
            isStopped = true
            changed.signal()
        }
        thread?.join()
        thread = nil
    }

    // MARK: On its thread

    private func run() {
        while let gap = next() {
            do {
                try fill(GapFill(gap, patience))
            } catch {
                Log.error("the feed's history cannot be kept", ["feed": feed, "error": "\(error)"])
                return
            }
        }
    }

    private func next() -> SequenceGap? {
        lock.withLock {
            while waiting.isEmpty && !isStopped { changed.wait() }
            return isStopped ? nil : waiting.removeFirst()
        }
    }

    private func fill(_ start: GapFill) throws {
        var fill = start
        var step = fill.firstStep
        while case .ask(let afterNs) = step {
            guard wait(afterNs) else { return }
            step = try ask(&fill)
        }
        if case .giveUp(let reason) = step {
            let gap = fill.gap
            Log.error(
                "missing trades were not received",
                ["feed": feed, "instrument": gap.symbol, "first": gap.first, "last": gap.last, "why": reason])
        } else {
            let gap = start.gap
            let isWhole = fill.received >= gap.count
            (isWhole ? Log.info : Log.warning)(
                isWhole ? "missing trades were received" : "the venue does not have all missing trades",
                ["feed": feed, "instrument": gap.symbol, "trades": gap.count, "received": fill.received])
        }
    }

    /// Waits until the next request is due; false where the thread shall end.
    private func wait(_ afterNs: Int64) -> Bool {
        let nowNs = Stopwatch.monotonicNs()
        let dueNs = max(nextRequestNs, nowNs + afterNs)
        return lock.withLock {
            while !isStopped && Stopwatch.monotonicNs() < dueNs { changed.wait(untilNs: dueNs) }
            return !isStopped
        }
    }

    private func ask(_ fill: inout GapFill) throws -> GapFill.Step {
        let response: HTTPResponse
        let request: HistoryRequest
        do throws(NetworkError) {
            request = try history.request(fill.gap)
            nextRequestNs = Stopwatch.monotonicNs() + history.intervalNs
            response = try client.answer(request) { lock.withLock { isStopped } }
        } catch {
            return fill.failed(error)
        }
        guard response.status == 200 else { return fill.refused(response) }
        if let refusal = history.refusal(in: response.body) { return fill.refused(refusal) }
        let frame = Self.frame(fill.gap.symbol, request.url, response.body)
        try unsafe frame.withUnsafeBytes { try unsafe sink.frame($0, ingestTime: .now()) }
        var (least, greatest, greatestNs, count) = (Int64.max, Int64.min, Int64(0), Int64(0))
        let wanted = fill.gap.first...fill.gap.last
        unsafe numbers.read(frame.span.bytes) { _, number, timeNs in
            least = min(least, number)
            if number > greatest { (greatest, greatestNs) = (number, timeNs) }
            if wanted.contains(number) { count += 1 }
        }
        return fill.answered(least <= greatest ? least...greatest : nil, count: count, lastNs: greatestNs)
    }

    /// An answer as a frame of the feed.
    static func frame(_ symbol: String, _ url: HTTPURL, _ body: [UInt8]) -> [UInt8] {
        let head =
            "{\"backfill\":\(JSONText.quoted(symbol)),\"source\":\(JSONText.quoted(url.origin + url.target)),\"data\":"
        return Array(head.utf8) + body + [UInt8(ascii: "}")]
    }
}
