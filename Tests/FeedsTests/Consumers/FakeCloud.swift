import Foundation
import Networking
import Platform
import Synchronization
import TestKit

@testable import Feeds

/// A cloud service that answers as a test says, and keeps what it was asked.
final class FakeCloud: Sendable {
    /// One request, as a test looks at it.
    struct Asked: Sendable {
        /// The action: what stands behind the last colon of the path, or behind the point of `X-Amz-Target`.
        let action: String
        let path: String
        let headers: HTTPHeaders
        let text: String

        /// The members of the body.
        var fields: [String: Any] {
            (try? JSONSerialization.jsonObject(with: Data(text.utf8))) as? [String: Any] ?? [:]
        }
        /// A member that is a list of texts.
        func list(_ name: String) -> [String] { fields[name] as? [String] ?? [] }
    }

    private let server: HTTPServer
    private let log: Log
    private final class Log: Sendable { let asked = Mutex<[Asked]>([]) }
    /// Requests that are answered when the service ends.
    private final class Held: Sendable { let responders = Mutex<[HTTPResponder]>([]) }
    private let held: Held

    /// - Parameter answer: nil never answers.
    init(_ answer: @escaping @Sendable (Asked) -> HTTPResponse?) throws {
        var options = HTTPServer.Options()
        options.port = 0
        let (log, held) = (Log(), Held())
        (self.log, self.held) = (log, held)
        server = try HTTPServer(options: options) { request, responder in
            let target = request.headers["X-Amz-Target"]?.split(separator: ".").last
            let action = target ?? request.path.split(separator: ":").last ?? ""
            let asked = Asked(
                action: String(action), path: request.path, headers: request.headers,
                text: String(decoding: request.body, as: UTF8.self))
            log.asked.withLock { $0.append(asked) }
            if let response = answer(asked) {
                responder.respond(response)
            } else {
                held.responders.withLock { $0.append(responder) }
            }
        }
    }

    deinit {
        held.responders.withLock { $0 = [] }
        server.stop()
    }

    var url: String { server.url }
    var asked: [Asked] { log.asked.withLock { $0 } }
    func asked(_ action: String) -> [Asked] { asked.filter { $0.action == action } }
}

/// A consumer that runs on a sink in memory whose disk a test can hold up.
final class ConsumerRun: FeedOutput, Sendable {
    let sink = HeldSink()
    let status: FeedStatus
    private let cancelled = Atomic(false)
    private let ended = Atomic(false)
    private let finished = DispatchSemaphore(value: 0)
    private let outcome = Mutex<(any Error)?>(nil)

    /// - Parameter failsAtFrames: whether the sink takes no frame.
    init(_ source: any FeedSource, failsAtFrames: Bool = false) {
        status = FeedStatus(name: "in")
        sink.failsAtFrames = failsAtFrames
        Thread.detachNewThread { [self] in
            do {
                try source.run(into: self, status: status)
            } catch {
                outcome.withLock { $0 = error }
            }
            ended.store(true, ordering: .releasing)
            finished.signal()
        }
    }

    /// True once the source has ended.
    var hasEnded: Bool { ended.load(ordering: .acquiring) }

    func sink(feed name: String) throws -> any FrameSink { sink }
    var isCancelled: Bool { cancelled.load(ordering: .acquiring) }

    /// Ends the source and waits for that.
    ///
    /// - Returns: what it threw; false where it did not end.
    @discardableResult
    func stop() -> (ended: Bool, error: (any Error)?) {
        cancelled.store(true, ordering: .releasing)
        let ended = finished.wait(timeout: .now() + 2 * Patience.seconds) == .success
        return (ended, outcome.withLock { $0 })
    }

    /// Waits for so many frames and gives them without their first lines.
    func bodies(_ count: Int) -> [String] {
        Patience.wait { sink.frames.count >= count }
        return sink.frames.map { String($0.split(separator: "\n", maxSplits: 1).last ?? "") }
    }

    func waitForStatus(_ holds: (FeedStatus.Snapshot) -> Bool) -> FeedStatus.Snapshot {
        Patience.wait { holds(status.snapshot) }
        return status.snapshot
    }
}

extension HTTPResponse {
    /// An error as Google's services answer it.
    static func google(_ status: Int, _ name: String, _ message: String = "so it is") -> HTTPResponse {
        .json(#"{"error":{"code":\#(status),"status":"\#(name)","message":"\#(message)"}}"#, status: status)
    }

    /// An error as Amazon's services answer it.
    static func amazon(_ status: Int, _ name: String, _ message: String = "so it is") -> HTTPResponse {
        .json(#"{"__type":"\#(name)","message":"\#(message)"}"#, status: status)
    }
}

extension Reconnect.Policy {
    /// Waits that suit a test.
    static let hasty = Reconnect.Policy(firstNs: 20_000_000, maxNs: 40_000_000)
}
