internal import Market
internal import Networking
internal import Platform
internal import Synchronization

/// Journals what a subscription brings, and acknowledges it once it is durable.
final class PubSubSource: FeedSource {
    private let settings: PubSubSettings

    init(_ settings: PubSubSettings) { self.settings = settings }

    func run(into output: any FeedOutput, status: FeedStatus) throws {
        let pull = try settings.pull()
        let sink = try output.sink(feed: status.name)
        let health = ConsumerHealth(status)
        status.set(.connecting)
        try sink.begin(settings: settings.session.text(StreamPositions()), ingestTime: .now())
        let acknowledger = PubSubAcknowledger(
            pull, sink, health, leases: settings.leases, retry: settings.retry, name: status.name)
        defer { acknowledger.end() }
        let receiver = PubSubReceiver(settings.subscription, sink, acknowledger)
        let lines = (0..<settings.pulls).map {
            PubSubLine($0, settings, pull, receiver, acknowledger, health, output)
        }
        let threads = lines.dropFirst().map { line in NamedThread("pull-\(status.name)") { line.run() } }
        lines[0].run()
        for thread in threads { thread.join() }
        if let failure = receiver.failure { throw failure }
    }
}

/// Gives messages to the sink, each once as far as it remembers; the engine remembers further, and over restarts.
///
/// - Threading: any thread.
final class PubSubReceiver: @unchecked Sendable {  // `lock` guards every variable
    private let subscription: String
    private let sink: any FrameSink
    private let acknowledger: PubSubAcknowledger
    private let lock = Lock()
    /// Place of the latest messages, by id.
    private var recent = RecentDeliveries<Int64>(capacity: 65_536)
    private var error: (any Error)?

    init(_ subscription: String, _ sink: any FrameSink, _ acknowledger: PubSubAcknowledger) {
        self.subscription = subscription
        self.sink = sink
        self.acknowledger = acknowledger
    }

    /// What the sink threw; nothing more is taken then.
    var failure: (any Error)? { lock.withLock { error } }

    /// Journals messages in their order and has them acknowledged.
    func take(_ messages: [PubSubPull.Received]) {
        lock.withLock {
            guard error == nil else { return }
            var places: [(ackID: String, place: Int64)] = []
            places.reserveCapacity(messages.count)
            do {
                for message in messages { places.append((message.ackID, try keep(message.message))) }
            } catch {
                self.error = error
            }
            acknowledger.add(places, nowNs: Stopwatch.monotonicNs())
        }
    }

    /// Journals a message unless it was before.
    ///
    /// - Returns: what must be durable for it to be safe.
    private func keep(_ message: PubSubMessage) throws -> Int64 {
        if let place = recent[message.id] { return place }
        let frame = message.header(subscription).line + message.data
        try unsafe frame.withUnsafeBytes { unsafe try sink.frame($0, ingestTime: .now()) }
        let place = sink.progress?.given ?? 0
        recent.insert(place, key: message.id)
        return place
    }
}

/// Pulls again and again, on a thread of its own.
final class PubSubLine: @unchecked Sendable {  // one thread runs it
    private let name: String
    private let pull: PubSubPull
    private let receiver: PubSubReceiver
    private let acknowledger: PubSubAcknowledger
    private let health: ConsumerHealth
    private let output: any FeedOutput
    private let most: Int
    private var batch: Int
    private var retry: Reconnect

    /// Longest wait without looking whether to stop.
    private static let waitNs: Int64 = 20_000_000

    init(
        _ number: Int, _ settings: PubSubSettings, _ pull: PubSubPull, _ receiver: PubSubReceiver,
        _ acknowledger: PubSubAcknowledger, _ health: ConsumerHealth, _ output: any FeedOutput
    ) {
        name = "pull \(number + 1)"
        self.pull = pull
        self.receiver = receiver
        self.acknowledger = acknowledger
        self.health = health
        self.output = output
        most = settings.batch
        batch = settings.batch
        retry = Reconnect(settings.retry)
    }

    private var shallStop: Bool { output.isCancelled || receiver.failure != nil }

    func run() {
        while !shallStop {
            if acknowledger.isFull {
                health.set(.degraded, "messages wait to become durable or to be acknowledged; none are pulled")
                Pause.wait(ns: Self.waitNs)
                continue
            }
            do throws(CloudError) {
                try take(try pull.pull(max: batch) { shallStop })
            } catch {
                guard error.kind != .cancelled else { continue }
                // An answer larger than is taken in is asked for in smaller parts.
                if error.kind == .unavailable, batch > 1 { batch = max(1, batch / 2) }
                wait(retry.nextNs(after: error), error)
            }
        }
    }

    private func take(_ answer: PubSubPull.Answer) throws(CloudError) {
        receiver.take(answer.received)
        if !answer.received.isEmpty {
            health.set(.live)
        } else {
            health.set(.idle, "no messages wait")
        }
        if let problem = answer.problems.first {
            throw CloudError(
                .malformed, "\(answer.problems.count) messages cannot be used, the first is \(problem)",
                operation: name)
        }
        retry.worked()
        batch = min(most, batch * 2)
        health.works(name)
    }

    private func wait(_ waitNs: Int64, _ error: CloudError) {
        health.fails(name, error, waitNs: waitNs)
        let endNs = Stopwatch.monotonicNs() + waitNs
        while !shallStop, Stopwatch.monotonicNs() < endNs { Pause.wait(ns: min(waitNs, Self.waitNs)) }
    }
}
