internal import Networking
internal import Platform

/// Asks a REST interface on a schedule and delivers every answer as a frame, for as long as it takes.
final class RESTSource: FeedSource {
    private let client: HTTPClient
    private let conversation: any RESTConversation
    private let policy: RESTSchedule.Policy
    private let settings: String

    /// - Parameter settings: what the decoder needs, without secrets.
    init(_ client: HTTPClient, _ conversation: any RESTConversation, policy: RESTSchedule.Policy, settings: String) {
        self.client = client
        self.conversation = conversation
        self.policy = policy
        self.settings = settings
    }

    func run(into output: any FeedOutput, status: FeedStatus) throws {
        let sink = try output.sink(feed: status.name)
        let line = RESTLine(client, conversation, policy, sink: sink, output: output, status: status)
        status.set(.connecting)
        try sink.begin(settings: settings, ingestTime: .now())
        try line.run()
    }
}

/// One run of a REST source.
private final class RESTLine {
    private let client: HTTPClient
    private let conversation: any RESTConversation
    private let sink: any FrameSink
    private let output: any FeedOutput
    private let status: FeedStatus
    private var schedule: RESTSchedule
    private var calls: [RESTCall] = []
    /// What was refused in this round.
    private var refusals: [String] = []
    private var lastRecordNs = Stopwatch.monotonicNs()
    private var failure: (any Error)?

    private static let heartbeatNs: Int64 = 1_000_000_000
    /// Longest wait without looking whether to stop.
    private static let longestWaitNs: Int64 = 50_000_000

    init(
        _ client: HTTPClient, _ conversation: any RESTConversation, _ policy: RESTSchedule.Policy,
        sink: any FrameSink, output: any FeedOutput, status: FeedStatus
    ) {
        self.client = client
        self.conversation = conversation
        self.sink = sink
        self.output = output
        self.status = status
        schedule = RESTSchedule(policy)
    }

    func run() throws {
        while !output.isCancelled {
            let nowNs = Stopwatch.monotonicNs()
            switch schedule.next(nowNs: nowNs) {
            case .plan:
                calls = try conversation.calls(nowNs: Timestamp.now().nanoseconds)
                refusals = []
                schedule.begin(calls: calls.count, nowNs: nowNs)
            case .ask(let index): try ask(index)
            case .wait(let untilNs): try wait(untilNs: untilNs)
            case .finish: return try sink.end(ingestTime: .now())
            }
        }
    }

    private func ask(_ index: Int) throws {
        let call = calls[index]
        guard let (verdict, next) = try answer(to: call) else { return }
        if let next { calls[index] = next }
        let waitNs = schedule.finished(verdict, hasFurtherPage: next != nil, nowNs: Stopwatch.monotonicNs())
        report(verdict, call, waitNs: waitNs)
    }

    /// Asks, keeps the answer, and judges it; nil where the source shall stop.
    private func answer(to call: RESTCall) throws -> (verdict: RESTVerdict, next: RESTCall?)? {
        let response: HTTPResponse
        do {
            response = try client.send(call.request, isCancelled: shallStop)
        } catch {
            if let failure { throw failure }
            return error.code == .cancelled ? nil : (.judge(error), nil)
        }
        let fetchedAt = Timestamp.now()
        var verdict = RESTVerdict.judge(
            status: response.status, retryAfterNs: response.retryAfterNs(now: fetchedAt))
        if verdict == .taken { verdict = conversation.verdict(on: response, to: call) }
        switch verdict {
        case .taken where response.status == 304: return (.taken, nil)
        case .taken, .refused: try keep(RESTEnvelope.frame(call, response, fetchedAt: fetchedAt), fetchedAt)
        case .throttled, .failed, .needsPerson: return (verdict, nil)
        }
        return (verdict, verdict == .taken ? conversation.next(after: response, to: call) : nil)
    }

    private func keep(_ frame: [UInt8], _ time: Timestamp) throws {
        try unsafe frame.withUnsafeBytes { unsafe try sink.frame($0, ingestTime: time) }
        lastRecordNs = Stopwatch.monotonicNs()
    }

    /// Asked often while a request is under way and while nothing is due.
    private func shallStop() -> Bool {
        let nowNs = Stopwatch.monotonicNs()
        if nowNs - lastRecordNs >= Self.heartbeatNs {
            lastRecordNs = nowNs
            do { try sink.heartbeat(ingestTime: .now()) } catch { failure = error }
        }
        return failure != nil || output.isCancelled
    }

    private func wait(untilNs: Int64) throws {
        if schedule.isBetweenRounds, status.snapshot.state == .live {
            status.set(.idle, "all asked; next round at \(Timestamp(nanoseconds: wallNs(untilNs)))")
        }
        while !shallStop() {
            let leftNs = untilNs - Stopwatch.monotonicNs()
            guard leftNs > 0 else { return }
            Pause.wait(ns: min(leftNs, Self.longestWaitNs))
        }
        if let failure { throw failure }
    }

    private func wallNs(_ monotonicNs: Int64) -> Int64 {
        let seconds = (Timestamp.now().nanoseconds + monotonicNs - Stopwatch.monotonicNs()) / 1_000_000_000
        return seconds * 1_000_000_000
    }

    private func report(_ verdict: RESTVerdict, _ call: RESTCall, waitNs: Int64) {
        let next = "next attempt in \(Double(waitNs / 100_000_000) / 10) s"
        switch verdict {
        case .taken:
            if refusals.isEmpty { status.set(.live) }
        case .refused(let reason):
            refusals.append("\(call.label): \(reason)")
            Log.warning("a request was refused", ["feed": status.name, "request": call.label, "reason": reason])
            let shown = refusals.prefix(3).joined(separator: "; ")
            status.set(.degraded, refusals.count > 3 ? "\(shown); \(refusals.count - 3) more" : shown)
        case .throttled(_, let reason):
            status.set(.degraded, "too many calls (\(reason)); \(next)")
            Log.warning("feed throttled", ["feed": status.name, "reason": reason, "wait_s": waitNs / 1_000_000_000])
        case .failed(_, let reason):
            status.countReconnect()
            status.set(.degraded, "\(call.label): \(reason); \(next)")
            Log.warning("a request failed", ["feed": status.name, "request": call.label, "reason": reason])
        case .needsPerson(let reason):
            status.set(.degraded, "\(call.label): \(reason); \(next)")
            Log.error("feed needs attention", ["feed": status.name, "request": call.label, "reason": reason])
        }
    }
}
