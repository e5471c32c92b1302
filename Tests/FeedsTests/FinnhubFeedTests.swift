import Foundation
import Networking
import Platform
import Synchronization
import TestKit
import Testing

@testable import Feeds

/// A Finnhub feed against the misbehaving server, running on a thread of its own.
private final class Running {
    let sink: RecordingSink
    let status = FeedStatus(name: "finnhub")
    let peer: PythonPeer
    private let finished = DispatchSemaphore(value: 0)
    private let outcome = ErrorBox()

    private final class ErrorBox: Sendable {
        let value = Mutex<(any Error)?>(nil)
    }

    init(
        path: String, token: String = "secret", symbols: [String] = ["AAPL", "BINANCE:BTCUSDT"],
        peerArguments: [String] = [], options more: [String] = [], scheme: String = "ws",
        sink: RecordingSink = RecordingSink(), _ change: (inout LiveVenue) -> Void = { _ in }
    ) throws {
        self.sink = sink
        peer = try PythonPeer("misbehaving_websocket.py", peerArguments)
        let options = try Options(
            FinnhubFeed.spec,
            assignments: [
                "token=\(token)", "symbols=\(symbols.joined(separator: ","))",
                "url=\(scheme)://127.0.0.1:\(peer.port())\(path)",
            ] + more)
        var venue = try FinnhubFeed(options).venue
        venue.policy.reconnect.firstNs = 20_000_000
        venue.policy.reconnect.maxNs = 40_000_000
        change(&venue)
        let source = WebSocketTransport(venue)
        let (status, outcome, finished) = (status, outcome, finished)
        Thread.detachNewThread {
            do {
                try source.run(into: sink, status: status)
            } catch {
                outcome.value.withLock { $0 = error }
            }
            finished.signal()
        }
    }

    /// Stops the feed and waits for its end.
    ///
    /// - Returns: what it threw.
    @discardableResult
    func stop() -> (any Error)? {
        sink.cancel()
        #expect(finished.wait(timeout: .now() + Patience.seconds) == .success)
        return outcome.value.withLock { $0 }
    }

    /// Waits for a state.
    func waitForStatus(_ fulfilled: (FeedStatus.Snapshot) -> Bool) -> FeedStatus.Snapshot {
        Patience.wait { fulfilled(status.snapshot) }
        return status.snapshot
    }
}

extension [String] {
    fileprivate func count(_ prefix: String) -> Int { filter { $0.hasPrefix(prefix) }.count }
}

@Suite struct FinnhubFeedTests {
    @Test func `all symbols are subscribed, frames arrive as sent, and a stop unsubscribes`() throws {
        let running = try Running(path: "/finnhub")
        let records = running.sink.wait { $0.count("frame") == 4 }
        let begin = records.first ?? ""
        #expect(
            begin.hasPrefix(#"begin {"decoder":"finnhub","continues":"true","epoch":"1","url":"ws://127.0.0.1:"#),
            "\(begin)")
        #expect(!begin.contains("secret"))
        #expect(
            records.dropFirst().first
                == #"frame {"data":[{"s":"AAPL","p":100.25,"t":1700000000001,"v":1,"c":null}],"type":"trade"}"#)
        let live = running.waitForStatus { $0.state == .live }
        #expect(live.state == .live && live.reconnects == 0)
        #expect(running.stop() == nil)
        #expect(running.status.snapshot.state == .stopped)
        let orders = running.peer.wait { $0.contains { $0.contains("closed") } }?.filter { $0.contains("order") }
        #expect(orders?.count == 4)
        #expect(orders?.last == #"{"order": {"type": "unsubscribe", "symbol": "BINANCE:BTCUSDT"}}"#)
        #expect(running.sink.wait { _ in true }.count("end") == 0)
    }

    @Test func `after a lost connection it reconnects, begins a new epoch and subscribes again`() throws {
        let running = try Running(path: "/finnhub?after=3")
        let records = running.sink.wait { $0.count("frame") >= 9 }
        let epochs = records.filter { $0.hasPrefix("begin") }.compactMap {
            $0.split(separator: "\"epoch\":\"").last?.first
        }
        #expect(epochs.starts(with: ["1", "2", "3"]))
        // Each connection subscribes from the start: its first frame is of the first symbol.
        for (index, record) in records.enumerated() where record.hasPrefix("begin") && index + 1 < records.count {
            #expect(records[index + 1].contains("AAPL"))
        }
        #expect(running.waitForStatus { $0.reconnects >= 2 }.reconnects >= 2)
        #expect(running.stop() == nil)
    }

    @Test func `a silent connection turns stale and is made anew`() throws {
        let running = try Running(path: "/silent", options: ["stale=100ms"])
        #expect(running.sink.wait { $0.count("begin") >= 2 }.count("begin") >= 2)
        running.stop()
    }

    @Test func `an idle line writes heartbeats`() throws {
        let running = try Running(path: "/silent") { $0.policy.heartbeatNs = 30_000_000 }
        #expect(running.sink.wait { $0.count("heartbeat") >= 3 }.first?.hasPrefix("begin") == true)
        running.stop()
    }

    @Test func `malformed frames are kept like all others`() throws {
        let running = try Running(path: "/malformed")
        let records = running.sink.wait { $0.count("frame") == 3 }
        #expect(records.contains("frame {not json") && records.contains(#"frame {"type":"ping"}"#))
        running.stop()
    }

    @Test func `a frame over the limit degrades the line, which tries again`() throws {
        let running = try Running(path: "/huge?bytes=2000") { $0.connection.maxMessageBytes = 1000 }
        #expect(running.sink.wait { $0.count("begin") >= 2 }.count("frame") == 0)
        let status = running.waitForStatus { $0.detail.contains("more than 1000 bytes") }
        #expect(status.detail.contains("more than 1000 bytes"))
        running.stop()
    }

    @Test func `a wrong key is reported without the key, and tried again`() throws {
        let running = try Running(path: "/finnhub", token: "w&ong k3y")
        let status = running.waitForStatus { $0.state == .degraded }
        #expect(status.detail.contains("401") && !status.detail.contains("k3y"))
        #expect(running.waitForStatus { $0.detail.contains("401") }.reconnects == 0)
        #expect(running.peer.wait { $0.filter { $0.contains("connected\": \"/finnhub") }.count >= 2 } != nil)
        running.stop()
        #expect(running.sink.wait { _ in true }.isEmpty)
    }

    @Test func `an untrusted certificate is refused, a vouched one accepted`() throws {
        let certificates = try TestCertificates()
        let own = try certificates.selfSigned()
        let refused = try Running(path: "/finnhub", peerArguments: [own.certificate, own.key], scheme: "wss")
        let status = refused.waitForStatus { $0.state == .degraded }
        #expect(status.detail.contains("certificate is not trusted: self-signed"))
        refused.stop()
        let good = try certificates.trusted()
        let accepted = try Running(
            path: "/finnhub", peerArguments: [good.certificate, good.key],
            options: ["authorities=\(certificates.authority)"], scheme: "wss")
        #expect(accepted.sink.wait { $0.count("frame") == 4 }.count("frame") == 4)
        accepted.stop()
    }

    @Test func `what the sink throws ends the feed with that error`() throws {
        let sink = RecordingSink()
        sink.failsAtFrame = 2
        let running = try Running(path: "/finnhub", sink: sink)
        _ = running.waitForStatus { $0.state == .stopped }
        #expect(running.stop() is RecordingSink.Full)
        #expect(sink.wait { _ in true }.count("frame") == 2)
    }

    @Test(arguments: [
        (["token=a", "symbols="], "symbols"), (["token=a", "symbols=A,B,A"], "twice"),
        (["token=k3y", "symbols=A", "url=http://x"], "wss://"), (["symbols=A"], "token"),
        (["token=a", "symbols=A", "stale=0s"], "time span"),
        (["token=a", "symbols=A,B,C", "symbol_limit=2"], "3 symbols, more than the plan's 2"),
    ])
    func `options that are of no use are explained`(_ assignments: [String], _ expected: String) {
        let error = #expect(throws: ConfigError.self) {
            try FinnhubFeed(Options(FinnhubFeed.spec, assignments: assignments))
        }
        #expect(error?.description.contains(expected) == true, "\(error.debugDescription)")
        #expect(error?.description.contains("k3y") == false)
    }

    @Test func `the settings of the feed make its decoder and hold no key`() throws {
        let feed = try FinnhubFeed(Options(FinnhubFeed.spec, assignments: ["token=k3y", "symbols=A"]))
        #expect(feed.settings == #"{"decoder":"finnhub","continues":"true","venue":"US"}"#)
        var dumped = "\(feed)"
        dump(feed, to: &dumped)
        #expect(!dumped.contains("k3y"))
    }
}
