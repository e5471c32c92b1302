import Foundation
import Networking
import Platform
import TestKit
import Testing

@testable import Feeds

@Suite struct MT5FeedTests {
    private func feed(_ assignments: String...) throws -> MT5Feed {
        try MT5Feed(Options(MT5Feed.spec, assignments: assignments))
    }

    @Test func `it asks for symbols, account and history, under a name, with the token in a header`() throws {
        let venue = try feed("symbols=EURUSD,A\"B", "token=secret", "history=1h", "client=desk 1").venue
        #expect(
            venue.subscribe == [#"{"type":"subscribe","symbols":["EURUSD","A\"B"],"account":true,"history_s":3600}"#])
        #expect(venue.unsubscribe == [#"{"type":"unsubscribe","symbols":["EURUSD","A\"B"],"account":true}"#])
        #expect(venue.acknowledge?(12) == #"{"type":"ack","seq":12}"#)
        #expect(venue.url.target == "/?client=desk%201")
        #expect(venue.connection.headers.fields.map(\.value) == ["Bearer secret"])
        #expect(!venue.settings(epoch: 1).contains("secret"))
    }

    @Test func `settings of no use are refused with what to write instead`() {
        for (assignments, words) in [
            (["account=false"], "names no symbol"), (["symbols=A,A"], "twice"), (["url=http://x"], "ws://"),
            (["symbols=A", "stale=0s"], "time span"), (["symbols=A", "client="], "client"),
        ] {
            #expect {
                _ = try MT5Feed(Options(MT5Feed.spec, assignments: assignments))
            } throws: {
                "\($0)".contains(words)
            }
        }
    }

    @Test func `frames are acknowledged once the sink says that they are durable`() throws {
        let peer = try PythonPeer("misbehaving_websocket.py", [])
        let sink = RecordingSink()
        sink.durable = 0
        var venue = try feed("symbols=EURUSD", "url=ws://127.0.0.1:\(peer.port())").venue
        venue.url = try WebSocketURL("ws://127.0.0.1:\(peer.port())/finnhub?token=secret&after=0")
        venue.subscribe = [#"{"type":"subscribe","symbol":"A"}"#, #"{"type":"subscribe","symbol":"B"}"#]
        let source = WebSocketTransport(venue)
        let ended = DispatchSemaphore(value: 0)
        let thread = Thread {
            try? source.run(into: sink, status: FeedStatus(name: "mt5"))
            ended.signal()
        }
        thread.start()
        sink.wait { $0.filter { $0.hasPrefix("frame") }.count >= 2 }
        // A heartbeat comes after many looks at what is durable.
        sink.wait { $0.contains("heartbeat") }
        #expect(!peer.events.contains { $0.contains("\"ack\"") })
        sink.durable = .max
        let after = peer.wait { $0.contains { $0.contains("\"ack\"") } }
        #expect(after != nil)
        sink.cancel()
        #expect(ended.wait(timeout: .now() + 10) == .success)
    }
}
