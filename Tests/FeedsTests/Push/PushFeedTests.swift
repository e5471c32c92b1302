import Feeds
import Foundation
import Networking
import Platform
import TestKit
import Testing

@Suite struct PushFeedTests {
    private func row(_ id: Int, price: String = "1.5") -> String {
        "{\"symbol\":\"V:A\",\"event_time_ns\":\(id),\"price\":\(price),\"size\":2,\"trade_id\":\(id)}"
    }
    private func fields(_ body: String) throws -> [String: Any] {
        try #require(JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Any])
    }

    @Test func `rows are journaled as they came, behind a line with the key, and counted in the answer`() throws {
        let peer = try PushPeer("format=trades")
        defer { peer.stop() }
        let body = row(1) + "\n" + row(2, price: "0") + "\nnot json\n" + row(4)
        let answer = peer.ask(body, .rows, ["Idempotency-Key": "k\"1"])
        #expect(answer.status == 202)
        #expect(peer.sink.frames == ["{\"push\":{\"key\":\"k\\\"1\",\"part\":0}}\n" + body])
        let fields = try fields(answer.body)
        #expect(
            fields["accepted"] as? Int == 2 && fields["rejected"] as? Int == 2 && fields["repeated"] as? Bool == false)
        let errors = try #require(fields["errors"] as? [[String: Any]])
        #expect(errors.map { $0["index"] as? Int } == [1, 2])
        #expect(errors.map { $0["reason"] as? String } == ["price_not_positive", "malformed"])
    }

    @Test func `the answer comes once the frame is durable, not before`() throws {
        let peer = try PushPeer("format=trades")
        defer { peer.stop() }
        peer.sink.hold(true)
        let answers = (1...3).map { peer.send(Array(row($0).utf8)) }
        #expect(Patience.wait { peer.sink.frames.count == 3 })
        #expect(answers.allSatisfy { !$0.isThere })
        peer.sink.hold(false)
        #expect(answers.map { $0.wait().status } == [202, 202, 202])
    }

    @Test func `where the journal ends first the client is told to send again`() throws {
        let peer = try PushPeer("format=trades")
        peer.sink.hold(true)
        let answer = peer.send(Array(row(1).utf8))
        #expect(Patience.wait { !peer.sink.frames.isEmpty })
        peer.sink.fail()
        #expect(answer.wait().status == 503)
        peer.stop()
        #expect(peer.send(Array(row(1).utf8)).wait().status == 503)
    }

    @Test func `a repeated key is answered alike and journaled once, with another body it is refused`() throws {
        let peer = try PushPeer("format=trades")
        defer { peer.stop() }
        let first = peer.ask(row(1) + "\n?", .rows, ["Idempotency-Key": "k"])
        let second = peer.ask(row(1) + "\n?", .rows, ["Idempotency-Key": "k"])
        #expect(first.status == 202 && second.status == 202)
        #expect(second.body == first.body.replacing("\"repeated\":false", with: "\"repeated\":true"))
        #expect(peer.ask(row(2), .rows, ["Idempotency-Key": "k"]).status == 422)
        #expect(peer.sink.frames.count == 1)
        #expect(peer.ask(row(1)).status == 202 && peer.ask(row(1)).status == 202)
        #expect(peer.sink.frames.count == 3)
    }

    @Test(arguments: ["[{\"symbol\":1}]", "nonsense", "[", "{}\n{}"])
    func `a body without a good row is refused, and nothing of it is kept`(_ body: String) throws {
        let peer = try PushPeer("format=trades")
        defer { peer.stop() }
        let answer = peer.ask(body, .rows, ["Idempotency-Key": "k"])
        #expect(answer.status == 400)
        let fields = try fields(answer.body)
        #expect((fields["error"] as? [String: Any])?["code"] as? String == "no_valid_row")
        #expect((fields["errors"] as? [Any])?.isEmpty == false)
        #expect(peer.ask("[]").status == 202 && peer.ask(" \n").status == 202)
        // The key is free for what is right.
        #expect(peer.ask(row(1), .rows, ["Idempotency-Key": "k"]).status == 202)
        #expect(peer.sink.frames.count == 1)
    }

    @Test func `more errors than an answer lists are counted`() throws {
        let peer = try PushPeer("format=trades")
        defer { peer.stop() }
        let answer = peer.ask(([row(1)] + [String](repeating: "{}", count: 700)).joined(separator: "\n"))
        let fields = try fields(answer.body)
        #expect(fields["accepted"] as? Int == 1 && fields["rejected"] as? Int == 700)
        #expect((fields["errors"] as? [Any])?.count == 256)
    }

    @Test func `under pressure clients are told to come back`() throws {
        let peer = try PushPeer("format=trades", "queue=2", "queue_bytes=1KiB")
        peer.sink.hold(true)
        defer {
            peer.sink.hold(false)
            peer.stop()
        }
        // The feed's thread waits for nothing but its queue, so that the queue is filled by one large burst.
        var busy: PushPeer.Answer?
        for number in 1...20_000 where busy == nil {
            let answer = peer.send(Array((row(number) + String(repeating: " ", count: 900)).utf8))
            if answer.isThere { busy = answer }
        }
        let response = try #require(busy).wait()
        #expect(response.status == 429 && response.headers["Retry-After"] == "1")
    }

    @Test func `the token is asked for, and appears in no answer`() throws {
        let peer = try PushPeer("format=trades", "token=open sesame", "next_token=abracadabra")
        defer { peer.stop() }
        let wrong = ["", "Bearer", "Bearer open", "Bearer open sesam", "Bearer open sesame2", "Basic open sesame"]
        for field in wrong {
            let answer = peer.ask(row(1), .rows, field.isEmpty ? [:] : ["Authorization": field])
            #expect(answer.status == 401, "\(field)")
            #expect(!answer.body.contains("sesame") && !answer.body.contains("abra"))
            #expect(peer.ask(row(1), .pubsub, ["Authorization": field]).status == 401)
        }
        #expect(peer.ask(row(1), .rows, ["Authorization": "bearer open sesame"]).status == 202)
        #expect(peer.ask(row(1), .rows, ["Authorization": "Bearer abracadabra"]).status == 202)
        #expect(peer.sink.frames.count == 2)
    }

    @Test func `messages of a venue are frames of their own, one per line where the client says so`() throws {
        let peer = try PushPeer("format=finnhub")
        defer { peer.stop() }
        let one = #"{"data":[{"p":1.5,"s":"AAPL","t":1586876152227,"v":2}],"type":"trade"}"#
        let answer = peer.ask(
            "\(one)\n{\"type\":\"ping\"}\n?\n", .rows,
            ["Content-Type": "application/x-ndjson", "Idempotency-Key": "k"])
        let fields = try fields(answer.body)
        #expect(fields["accepted"] as? Int == 1 && fields["ignored"] as? Int == 1 && fields["rejected"] as? Int == 1)
        #expect(((fields["errors"] as? [[String: Any]])?.first)?["index"] as? Int == 2)
        #expect(
            peer.sink.frames == [
                "{\"push\":{\"key\":\"k\",\"part\":0}}\n\(one)",
                "{\"push\":{\"key\":\"k\",\"part\":1}}\n{\"type\":\"ping\"}",
                "{\"push\":{\"key\":\"k\",\"part\":2}}\n?",
            ])
        #expect(peer.ask(one).status == 202)
        #expect(peer.sink.frames.last == "{\"push\":{}}\n\(one)")
    }

    @Test func `what a sink published twice under different ids is one message`() throws {
        let peer = try PushPeer("format=trades")
        defer { peer.stop() }
        let data = Data(row(1).utf8).base64EncodedString()
        for (id, identity) in [
            ("17", "p/frames/4/0/00"), ("18", "p/frames/4/0/00"), ("19", "p/frames/5/0/00"), ("20", ""),
        ] {
            let envelope =
                #"{"message":{"attributes":{"tapedeck":"\#(identity)"},"data":"\#(data)","messageId":"\#(id)"}}"#
            #expect(peer.ask(envelope, .pubsub).status == 204)
        }
        #expect(peer.sink.frames.count == 3)
        #expect(peer.sink.frames[0].hasPrefix(#"{"push":{"key":"p/frames/4/0/00","part":0"#))
        #expect(peer.sink.frames[2].hasPrefix(#"{"push":{"key":"20","part":0"#))
    }

    @Test func `a message of Pub/Sub is kept with all that its envelope says, whatever it holds`() throws {
        let peer = try PushPeer("format=trades")
        defer { peer.stop() }
        let data = Data(row(1).utf8).base64EncodedString()
        let envelope =
            #"{"message":{"attributes":{"a":"b"},"data":"\#(data)","messageId":"17","message_id":"17","#
            + #""publishTime":"2026-01-30T10:00:00.5Z","orderingKey":"AAPL"},"subscription":"projects/p/subscriptions/s"}"#
        #expect(peer.ask(envelope, .pubsub).status == 204)
        #expect(peer.ask(envelope, .pubsub).status == 204)
        #expect(
            peer.sink.frames == [
                #"{"push":{"key":"17","part":0,"publish_time":"2026-01-30T10:00:00.5Z","ordering_key":"AAPL","#
                    + #""subscription":"projects/p/subscriptions/s","attributes":{"a":"b"}}}"# + "\n" + row(1)
            ])
        // What cannot be decoded must not come back for ever; it becomes a dead letter.
        #expect(peer.ask(#"{"message":{"data":"Pz8=","messageId":"18"}}"#, .pubsub).status == 204)
        #expect(peer.ask(#"{"message":{"messageId":"19","attributes":{"x":"y"}}}"#, .pubsub).status == 204)
        #expect(peer.sink.frames.count == 3)
    }

    @Test(arguments: [
        "", "[]", "{}", #"{"message":{}}"#, #"{"message":{"data":"Pz8="}}"#,
        #"{"message":{"messageId":"1","data":"%"}}"#,
        #"{"message":{"messageId":""}}"#,
    ])
    func `an envelope that is none is refused`(_ body: String) throws {
        let peer = try PushPeer("format=trades")
        defer { peer.stop() }
        #expect(peer.ask(body, .pubsub).status == 400)
        #expect(peer.sink.frames.isEmpty)
    }

    @Test func `bodies beyond the limit and keys that are too long are refused`() throws {
        let peer = try PushPeer("format=trades", "max_body=1KiB")
        defer { peer.stop() }
        #expect(peer.ask(String(repeating: " ", count: 1025)).status == 413)
        #expect(
            peer.ask(row(1), .rows, ["Idempotency-Key": String(repeating: "k", count: 256)]).status == 400)
        #expect(peer.ask(row(1), .rows, ["Content-Encoding": "br"]).status == 415)
        #expect(peer.ask(row(1), .rows, ["Content-Encoding": "gzip"]).status == 400)
    }

    @Test(arguments: [
        ["format=nothing"], ["format=trades", "max_body=16MiB"], ["format=trades", "queue=0"],
        ["format=trades", "pubsub_email=a@b"], ["format=trades", "pubsub_keys=/nowhere"],
        ["format=trades", "pubsub_keys=/nowhere", "pubsub_email=a@b", "pubsub_audience=c"],
    ])
    func `options that are of no use are refused`(_ options: [String]) {
        #expect(throws: ConfigError.self) { try PushFeed(Options(PushFeed.spec, assignments: options)) }
    }
}
