internal import Networking
internal import Platform

/// Answers requests once what they brought is durable, on a thread of its own, so that many share one sync.
///
/// - Threading: one thread adds and ends.
final class PushAcknowledger: @unchecked Sendable {  // `lock` guards every variable
    private struct Entry {
        let place: Int64
        let responder: HTTPResponder
        let response: HTTPResponse
    }
    private let sink: any FrameSink
    private let lock = Lock()
    private let added: Condition
    private var entries: [Entry] = []
    private var isEnding = false
    private var thread: NamedThread?

    init(_ sink: any FrameSink, name: String) {
        self.sink = sink
        added = Condition(lock)
        thread = NamedThread("ack-\(name)") { [self] in run() }
    }

    /// Gives `response` once everything before `place` is durable.
    func add(_ responder: HTTPResponder, _ response: HTTPResponse, durable place: Int64) {
        lock.withLock {
            entries.append(Entry(place: place, responder: responder, response: response))
            added.signal()
        }
    }

    /// Answers what waits, then ends the thread.
    func end() {
        lock.withLock {
            isEnding = true
            added.signal()
        }
        thread?.join()
        thread = nil
    }

    private func run() {
        while let entries = take() {
            for entry in entries {
                do {
                    try sink.waitUntilDurable(entry.place)
                    entry.responder.respond(entry.response)
                } catch {
                    entry.responder.respond(
                        .error(
                            503, code: "not_durable",
                            "the program ended before this was safe on disk; send it again under the same key",
                            headers: ["Retry-After": "1"]))
                }
            }
        }
    }

    /// Everything that waits; nil at the end.
    private func take() -> [Entry]? {
        lock.withLock {
            while entries.isEmpty {
                if isEnding { return nil }
                added.wait()
            }
            defer { entries = [] }
            return entries
        }
    }
}
