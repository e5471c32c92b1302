import Analytics
import Databases
import Feeds
import Foundation
import Journaling
import Lake
import Market
import Networking
import Platform
import Synchronization
import TestKit
import Testing

@testable import Orchestration

@Suite struct PushPipelineTests {
    private let begin = ScriptedRecord(
        feed: "in", kind: .begin, ingestNs: 0, text: #"{"decoder":"push","format":"trades","venue":"V"}"#)
    private func pushed(_ key: String, _ id: Int, price: String = "10") -> ScriptedRecord {
        ScriptedRecord(
            feed: "in", ingestNs: Int64(id) * 1_000_000_000,
            text:
                "{\"push\":{\"key\":\"\(key)\",\"part\":0}}\n{\"symbol\":\"A\",\"event_time_ns\":\(id),\"price\":\(price),\"size\":1}"
        )
    }

    @Test func `a delivery that was journaled twice counts once, also over a restart`() throws {
        let folder = TemporaryFolder()
        let settings = try configuration(folder.path)
        let pipeline = try Pipeline.playing([begin, pushed("a", 1), pushed("b", 2), pushed("a", 1)], settings)
        #expect(pipeline.flush())
        #expect(pipeline.summary(seconds: 1).duplicates == 1)
        pipeline.stop()
        let again = try Pipeline.playing(
            [begin, pushed("b", 2), pushed("c", 3), pushed("a", 9, price: "11")], settings)
        defer { again.stop() }
        #expect(again.flush())
        let rows = try again.store.connect().query("SELECT event_time_ns FROM trades ORDER BY 1").collect().rows
        #expect(rows == [[.integer(1)], [.integer(2)], [.integer(3)]])
        let letters = try again.store.connect().query("SELECT reason, journal_offset FROM dead_letters").collect().rows
        #expect(letters.count == 1 && letters[0][0] == .text("key_reused"))
        let frames = try again.store.connect().query("SELECT count(*) FROM frames").collect().rows
        #expect(frames == [[.integer(6)]])
    }

    @Test func `clients of a feed that has not started are told to come back, those of none that there is none`() {
        func ask(_ path: String, of receivers: PushReceivers) -> (status: Int, text: String) {
            let answer = Mutex<HTTPResponse?>(nil)
            let request = HTTPRequest(method: .post, path: "/in/" + path)
            receivers.handle(request, below: "/in/", HTTPResponder { response in answer.withLock { $0 = response } })
            let response = answer.withLock { $0 }
            return (response?.status ?? 0, String(decoding: response?.body ?? [], as: UTF8.self))
        }
        let one = PushReceivers(expected: ["rows"])
        for path in ["rows", "pubsub/rows", "pubsub"] { #expect(ask(path, of: one).status == 503, "\(path)") }
        for path in ["other", "pubsub/other", "", "rows/more", "pubsub/"] {
            #expect(ask(path, of: one).status == 404, "\(path)")
            #expect(ask(path, of: one).text.contains("there is rows"))
        }
        #expect(ask("pubsub", of: PushReceivers(expected: ["a", "b"])).text.contains("of 2 feeds, say which"))
        #expect(ask("pubsub", of: PushReceivers(expected: [])).status == 404)
    }

    @Test func `a generator of operations goes on where its table ends`() throws {
        let folder = TemporaryFolder()
        let settings = try configuration(
            folder.path, other: "feeds: [transactions: { rate: 2000, history: 3s, bad: 0, repeats: 0 }]")
        func run() throws -> Int64 {
            let pipeline = try Pipeline(settings)
            defer { pipeline.stop() }
            pipeline.start()
            try pipeline.startFeeds()
            #expect(eventually { pipeline.feedState("transactions")?.state == .live })
            pipeline.stopFeeds()
            #expect(pipeline.flush())
            let rows = try pipeline.store.connect().query(
                "SELECT count(*), count(DISTINCT operation_id) FROM transactions"
            ).collect().rows
            guard case .integer(let count)? = rows.first?[0], rows.first?[1] == .integer(count) else {
                Issue.record("\(rows)")
                return 0
            }
            return count
        }
        let watch = Stopwatch()
        let first = try run()
        #expect(first > 5000)
        // Three seconds of history once, and since then what time has passed, however slow the machine.
        let second = try run()
        #expect(Double(second) < 6000 + watch.seconds * 2000 + 1000)
    }
}
