import Foundation
import Networking
import Platform
import Synchronization
import TestKit
import Testing

@testable import Feeds

/// Messages that wait, one list for each pull, and then none.
private final class Pulls: Sendable {
    private let lists: Mutex<[[String]]>
    init(_ lists: [[String]]) { self.lists = Mutex(lists) }
    func add(_ list: [String]) { lists.withLock { $0.append(list) } }
    var next: HTTPResponse {
        let list = lists.withLock { $0.isEmpty ? [] : $0.removeFirst() }
        if list.isEmpty { Thread.sleep(forTimeInterval: 0.005) }
        return .json(#"{"receivedMessages":[\#(list.joined(separator: ","))]}"#)
    }
}

@Suite struct PubSubFeedTests {
    private let subscription = "projects/p/subscriptions/s"

    private func settings(_ cloud: AnsweringServer, _ more: String...) throws -> PubSubSettings {
        let options = ["subscription=\(subscription)", "format=trades", "endpoint=\(cloud.url)", "pulls=1"] + more
        var settings = try PubSubSettings(Options(PubSubFeed.spec, assignments: options), environment: [:])
        settings.retry = .hasty
        return settings
    }

    private func run(
        _ cloud: AnsweringServer, _ change: (inout PubSubSettings) -> Void = { _ in }
    ) throws -> ConsumerRun {
        var settings = try settings(cloud)
        change(&settings)
        return ConsumerRun(PubSubSource(settings))
    }

    private func message(_ id: Int, ack: String? = nil, _ more: String = "") -> String {
        let data = Data("row \(id)".utf8).base64EncodedString()
        return #"{"ackId":"\#(ack ?? "ack-\(id)")","message":{"data":"\#(data)","messageId":"\#(id)"\#(more)}}"#
    }

    /// Answers pulls from `pulls`, and everything else with success.
    private func service(_ pulls: Pulls) throws -> AnsweringServer {
        try AnsweringServer { $0.action == "pull" ? pulls.next : .json("{}") }
    }

    @Test func `messages are journaled as they came and acknowledged once they are durable, not before`() throws {
        let more =
            #","publishTime":"2026-01-30T10:00:00.5Z","orderingKey":"AAPL","attributes":{"a":"b"}"#
        let pulls = Pulls([[message(1, more), message(2)]])
        let cloud = try service(pulls)
        let run = try run(cloud)
        run.sink.hold(true)
        // The first frames may be durable before the disk is held up; these are not.
        pulls.add([message(3), message(4)])
        #expect(run.bodies(4) == ["row 1", "row 2", "row 3", "row 4"])
        #expect(
            run.sink.frames[0]
                == #"{"consumed":{"stream":"\#(subscription)","id":"1","time_ns":1769767200500000000,"key":"AAPL","#
                + #""attributes":{"a":"b"}}}"# + "\nrow 1")
        Thread.sleep(forTimeInterval: 0.1)
        let early = cloud.asked("acknowledge").flatMap { $0.list("ackIds") }
        #expect(!early.contains("ack-4"))
        run.sink.hold(false)
        #expect(Patience.wait { cloud.asked("acknowledge").flatMap { $0.list("ackIds") }.count == 4 })
        #expect(run.waitForStatus { $0.state == .idle }.state == .idle)
        #expect(run.stop().ended)
        #expect(cloud.asked("acknowledge").allSatisfy { $0.path == "/v1/\(subscription):acknowledge" })
        #expect(cloud.asked.allSatisfy { $0.headers["Authorization"] == nil })
    }

    @Test func `a message that comes again is acknowledged again and journaled once`() throws {
        let pulls = Pulls([[message(1), message(2)], [message(1, ack: "again"), message(3)]])
        let cloud = try service(pulls)
        let run = try run(cloud)
        #expect(run.bodies(3) == ["row 1", "row 2", "row 3"])
        #expect(Patience.wait { Set(cloud.asked("acknowledge").flatMap { $0.list("ackIds") }).count == 4 })
        #expect(run.stop().ended && run.sink.frames.count == 3)
    }

    @Test func `while messages wait for the disk their deadlines are extended`() throws {
        let pulls = Pulls([[message(1)]])
        let cloud = try service(pulls)
        var settings = try settings(cloud)
        settings.leases.firstNs = 200_000_000
        settings.leases.marginNs = 150_000_000
        let source = PubSubSource(settings)
        let run = ConsumerRun(source)
        run.sink.hold(true)
        pulls.add([message(2)])
        #expect(Patience.wait { cloud.asked("modifyAckDeadline").contains { $0.list("ackIds").contains("ack-2") } })
        let request = try #require(cloud.asked("modifyAckDeadline").first)
        #expect(request.fields["ackDeadlineSeconds"] as? Int == 60)
        run.sink.hold(false)
        #expect(Patience.wait { cloud.asked("acknowledge").contains { $0.list("ackIds").contains("ack-2") } })
        run.stop()
    }

    @Test func `an orderly end acknowledges what is durable and gives up waiting for what is not`() throws {
        let pulls = Pulls([])
        let cloud = try service(pulls)
        let run = try run(cloud)
        run.sink.hold(true)
        pulls.add([message(1)])
        _ = run.bodies(1)
        Thread.detachNewThread {
            Thread.sleep(forTimeInterval: 0.2)
            run.sink.hold(false)
        }
        #expect(run.stop().ended)
        #expect(cloud.asked("acknowledge").flatMap { $0.list("ackIds") } == ["ack-1"])
        let other = try self.run(cloud)
        other.sink.hold(true)
        pulls.add([message(2)])
        _ = other.bodies(1)
        #expect(other.stop().ended)
        #expect(!cloud.asked("acknowledge").contains { $0.list("ackIds").contains("ack-2") })
        let last = try #require(cloud.asked("modifyAckDeadline").last)
        #expect(last.list("ackIds") == ["ack-2"] && last.fields["ackDeadlineSeconds"] as? Int == 0)
    }

    @Test func `no more is pulled than may wait`() throws {
        let pulls = Pulls((1...50).map { [message($0)] })
        let cloud = try service(pulls)
        let run = try run(cloud) { $0.leases.countMax = 5 }
        run.sink.hold(true)
        #expect(run.waitForStatus { $0.detail.contains("none are pulled") }.state == .degraded)
        let held = run.sink.frames.count
        Thread.sleep(forTimeInterval: 0.1)
        #expect(run.sink.frames.count == held && held < 50)
        run.sink.hold(false)
        #expect(run.bodies(50).count == 50)
        run.stop()
    }

    @Test(arguments: [
        (429, "RESOURCE_EXHAUSTED"), (503, "UNAVAILABLE"), (500, "INTERNAL"), (403, "PERMISSION_DENIED"),
        (404, "NOT_FOUND"), (400, "INVALID_ARGUMENT"), (302, "Found"),
    ])
    func `a pull that fails is said and tried again`(_ status: Int, _ name: String) throws {
        let count = Atomic(0)
        let body = message(1)
        let cloud = try AnsweringServer { asked in
            guard asked.action == "pull" else { return .json("{}") }
            if count.wrappingAdd(1, ordering: .relaxed).newValue <= 6 {
                return .google(status, status == 302 ? "" : name)
            }
            Thread.sleep(forTimeInterval: 0.005)
            return .json(#"{"receivedMessages":[\#(body)]}"#)
        }
        let run = try run(cloud)
        let seen = run.waitForStatus { $0.state == .degraded }
        #expect(seen.state == .degraded && seen.detail.contains("pull from \(subscription): \(status)"))
        #expect(seen.detail.contains(name) && seen.detail.contains("next attempt in"))
        #expect(run.bodies(1) == ["row 1"])
        #expect(run.waitForStatus { $0.state == .live }.state == .live)
        #expect(run.stop().ended)
    }

    @Test func `acknowledgements that fail are sent again, those refused are not`() throws {
        let pulls = Pulls([[message(1)], [message(2)]])
        let failures = Atomic(0)
        let cloud = try AnsweringServer { asked in
            if asked.action == "pull" { return pulls.next }
            if asked.list("ackIds").contains("bad") { return .google(400, "INVALID_ARGUMENT") }
            return failures.wrappingAdd(1, ordering: .relaxed).newValue <= 3 ? .google(503, "UNAVAILABLE") : .json("{}")
        }
        let run = try run(cloud)
        #expect(Patience.wait { cloud.asked("acknowledge").count >= 4 })
        #expect(run.waitForStatus { $0.state == .idle }.state == .idle)
        pulls.add([message(3, ack: "bad")])
        #expect(Patience.wait { cloud.asked("acknowledge").contains { $0.list("ackIds") == ["bad"] } })
        Thread.sleep(forTimeInterval: 0.2)
        #expect(cloud.asked("acknowledge").count { $0.list("ackIds").contains("bad") } == 1)
        #expect(run.stop().ended)
    }

    @Test(arguments: [
        "", "[", "[]", "null", #"{"receivedMessages":5}"#, #"{"receivedMessages":[5]}"#,
        #"{"receivedMessages":[{"ackId":7}]}"#, String(repeating: "[", count: 100_000), "\0",
    ])
    func `an answer that is none is an error`(_ body: String) {
        #expect(throws: CloudError.self) { try PubSubPull.answer(Array(body.utf8), operation: "pull") }
    }

    @Test func `messages that cannot be used are left alone, the others are taken`() throws {
        let bad = [
            #"{"ackId":"x"}"#, #"{"message":{"messageId":"1","data":"Pz8="}}"#,
            #"{"ackId":"","message":{"messageId":"1"}}"#,
            #"{"ackId":"b1","message":{"data":"Pz8="}}"#, #"{"ackId":"b2","message":{"messageId":"5","data":"%"}}"#,
            #"{"ackId":"b3","message":{"messageId":"\#(String(repeating: "7", count: 256))"}}"#,
        ]
        let cloud = try service(Pulls([bad + [message(1)]]))
        let run = try run(cloud)
        #expect(run.bodies(1) == ["row 1"])
        #expect(Patience.wait { !cloud.asked("acknowledge").isEmpty })
        run.stop()
        #expect(cloud.asked("acknowledge").flatMap { $0.list("ackIds") } == ["ack-1"])
        let answer = try PubSubPull.answer(
            Array(#"{"receivedMessages":[\#(bad.joined(separator: ","))]}"#.utf8), operation: "pull")
        #expect(answer.received.isEmpty && answer.problems.count == bad.count)
        #expect(try PubSubPull.answer(Array("{}".utf8), operation: "pull").received.isEmpty)
    }

    @Test func `a pull that is not answered is given up at the end`() throws {
        let cloud = try AnsweringServer { $0.action == "pull" ? nil : .json("{}") }
        let run = try run(cloud)
        #expect(Patience.wait { !cloud.asked("pull").isEmpty })
        let watch = Stopwatch()
        #expect(run.stop().ended && watch.seconds < Patience.seconds)
        #expect(cloud.asked.count == 1)
    }

    @Test func `a sink that fails ends the feed with its error, and nothing is acknowledged`() throws {
        let cloud = try service(Pulls([[message(1)]]))
        let run = ConsumerRun(PubSubSource(try settings(cloud)), failsAtFrames: true)
        #expect(Patience.wait { run.hasEnded })
        #expect(run.stop().error is HeldSink.Failure)
        #expect(cloud.asked("acknowledge").isEmpty)
    }

    @Test func `the token that is sent appears nowhere`() throws {
        let token = "ya29.very-secret"
        let metadata = try AnsweringServer { _ in .json(#"{"access_token":"\#(token)","expires_in":3599}"#) }
        let host = metadata.url.replacing("http://", with: "")
        let cloud = try AnsweringServer {
            .google(403, "PERMISSION_DENIED", "not with \($0.headers["Authorization"] ?? "")")
        }
        setenv("GCE_METADATA_HOST", host, 1)
        defer { unsetenv("GCE_METADATA_HOST") }
        let run = ConsumerRun(PubSubSource(try settings(cloud, "credentials=metadata")))
        let seen = run.waitForStatus { $0.state == .degraded && $0.detail.contains("403") }
        run.stop()
        #expect(cloud.asked.first?.headers["Authorization"] == "Bearer \(token)")
        #expect(seen.detail.contains("***") && !seen.detail.contains("ya29"))
    }
}
