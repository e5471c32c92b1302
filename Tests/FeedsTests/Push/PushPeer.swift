import Feeds
import Foundation
import Networking
import Platform
import Synchronization
import TestKit

/// A push feed on a sink in memory, whose disk a test can hold up, and the requests of its clients.
final class PushPeer: FeedOutput, Sendable {
    private let receiver: any PushReceiver
    let sink = HeldSink()
    let status: FeedStatus
    private let cancelled = Atomic(false)
    private let finished = DispatchSemaphore(value: 0)

    init(_ options: String..., name: String = "in") throws {
        let feed = try PushFeed(Options(PushFeed.spec, assignments: options))
        receiver = try feed.makeSource() as! any PushReceiver
        status = FeedStatus(name: name)
        Thread.detachNewThread { [self] in
            try? receiver.run(into: self, status: status)
            finished.signal()
        }
        Patience.wait { status.snapshot.state != .connecting }
    }

    func sink(feed name: String) throws -> any FrameSink { sink }
    var isCancelled: Bool { cancelled.load(ordering: .acquiring) }

    /// Ends the feed and waits for that.
    func stop() {
        cancelled.store(true, ordering: .releasing)
        finished.wait()
    }

    /// Sends a request, whose answer comes later.
    func send(_ body: [UInt8], _ kind: PushKind = .rows, _ headers: HTTPHeaders = [:]) -> Answer {
        let answer = Answer()
        let request = HTTPRequest(method: .post, path: "/api/v1/ingest/in", headers: headers, body: body)
        receiver.receive(request, kind, HTTPResponder { answer.set($0) })
        return answer
    }

    /// Sends a request and waits for its answer.
    func ask(_ body: String, _ kind: PushKind = .rows, _ headers: HTTPHeaders = [:]) -> (status: Int, body: String) {
        let response = send(Array(body.utf8), kind, headers).wait()
        return (response.status, String(decoding: response.body, as: UTF8.self))
    }

    /// An answer that comes.
    final class Answer: Sendable {
        private let response = Mutex<HTTPResponse?>(nil)
        private let signal = DispatchSemaphore(value: 0)
        func set(_ response: HTTPResponse) {
            self.response.withLock { $0 = response }
            signal.signal()
        }
        var isThere: Bool { response.withLock { $0 != nil } }
        func wait() -> HTTPResponse {
            guard signal.wait(timeout: .now() + Patience.seconds) == .success else { return HTTPResponse(status: 0) }
            signal.signal()
            return response.withLock { $0 ?? HTTPResponse(status: 0) }
        }
    }
}

/// Keeps frames, and says that they are durable when it is let.
final class HeldSink: FrameSink, @unchecked Sendable {  // the condition's lock guards everything
    private let condition = NSCondition()
    private var recorded: [String] = []
    private var sessions: [String] = []
    private var isHeld = false
    private var hasFailed = false
    private var failsFrames = false

    struct Failure: Error {}

    /// Frames as texts.
    var frames: [String] { condition.withLock { recorded } }
    /// While true nothing becomes durable.
    func hold(_ isHeld: Bool) {
        condition.withLock { self.isHeld = isHeld }
        condition.broadcast()
    }
    /// Ends without making anything durable any more.
    func fail() {
        condition.withLock { hasFailed = true }
        condition.broadcast()
    }

    /// While true no frame is taken.
    var failsAtFrames: Bool {
        get { condition.withLock { failsFrames } }
        set { condition.withLock { failsFrames = newValue } }
    }
    /// Settings of the sessions.
    var begins: [String] { condition.withLock { sessions } }

    func begin(settings: String, ingestTime: Timestamp) throws { condition.withLock { sessions.append(settings) } }
    func heartbeat(ingestTime: Timestamp) throws {}
    func end(ingestTime: Timestamp) throws {}
    func frame(_ payload: UnsafeRawBufferPointer, ingestTime: Timestamp) throws {
        let text = String(decoding: payload, as: UTF8.self)
        try condition.withLock {
            if failsFrames { throw Failure() }
            recorded.append(text)
        }
    }
    var progress: FrameProgress? {
        condition.withLock { FrameProgress(given: Int64(recorded.count), durable: isHeld ? 0 : Int64(recorded.count)) }
    }
    func waitUntilDurable(_ place: Int64) throws {
        condition.lock()
        defer { condition.unlock() }
        while isHeld && !hasFailed { condition.wait() }
        if hasFailed { throw Failure() }
    }
}
