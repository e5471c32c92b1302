public import Networking
internal import Platform

/// What kind of request brings something to a feed.
public enum PushKind: Sendable {
    /// Rows or messages, as a client sends them.
    case rows
    /// A message that Google Cloud Pub/Sub pushes.
    case pubsub
}

/// A source that others push to: takes requests of the program's server.
public protocol PushReceiver: FeedSource {
    /// Takes a request and answers it, at once or once what it brought is durable.
    ///
    /// - Threading: any thread; does not wait.
    func receive(_ request: HTTPRequest, _ kind: PushKind, _ responder: HTTPResponder)
}

/// Journals what is pushed to one feed.
final class PushSource: PushReceiver {
    private let settings: PushSettings
    private let queue: PushQueue
    /// Longest wait without looking whether to stop, in nanoseconds.
    private static let waitNs: Int64 = 20_000_000

    init(_ settings: PushSettings) {
        self.settings = settings
        queue = PushQueue(requests: settings.queueRequests, bytes: settings.queueBytes)
    }

    func receive(_ request: HTTPRequest, _ kind: PushKind, _ responder: HTTPResponder) {
        if let refusal = settings.refusal(of: request, kind) {
            responder.respond(refusal)
            return
        }
        switch queue.offer(PushJob(request: request, kind: kind, responder: responder)) {
        case .taken: break
        case .closed: responder.respond(.feedNotRunning)
        case .full:
            responder.respond(
                .error(
                    429, code: "busy", "more is sent than can be journaled; send it again soon",
                    headers: ["Retry-After": "1"]))
        }
    }

    func run(into output: any FeedOutput, status: FeedStatus) throws {
        guard status.name != "pubsub" else {
            throw FeedError(.settings, "a push feed cannot have the name `pubsub`, which stands for all of Pub/Sub")
        }
        let sink = try output.sink(feed: status.name)
        try sink.begin(settings: settings.session.text, ingestTime: .now())
        let acknowledger = PushAcknowledger(sink, name: status.name)
        defer {
            for job in queue.close() { job.responder.respond(.feedNotRunning) }
            acknowledger.end()
        }
        let worker = try PushWorker(settings, sink, acknowledger)
        status.set(.idle, "nothing was sent to /api/v1/ingest/\(status.name) yet")
        queue.open()
        while !output.isCancelled {
            guard let job = queue.take(timeoutNs: Self.waitNs) else { continue }
            try worker.handle(job)
            let now = status.snapshot
            if now.state != .live, now.frames > 0 { status.set(.live) }
        }
    }
}

extension HTTPResponse {
    /// The answer of a feed that is not running.
    public static var feedNotRunning: HTTPResponse {
        .error(
            503, code: "not_running", "the feed is starting or stopping; send it again soon",
            headers: ["Retry-After": "1"])
    }
}
