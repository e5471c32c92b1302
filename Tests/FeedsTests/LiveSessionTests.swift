import Networking
import Synchronization
import TestKit
import Testing

@testable import Feeds

private let second: Int64 = 1_000_000_000

/// Random numbers that a seed repeats.
private func seeded(_ seed: UInt64) -> @Sendable (ClosedRange<Int64>) -> Int64 {
    let generator = GeneratorBox(seed)
    return { range in generator.value.withLock { Int64.random(in: range, using: &$0) } }
}

private final class GeneratorBox: Sendable {
    let value: Mutex<SeededGenerator>
    init(_ seed: UInt64) { value = Mutex(SeededGenerator(seed: seed)) }
}

private func lost(_ status: Int? = nil, _ code: NetworkError.Code = .connection) -> WebSocketEnd {
    .failed(NetworkError(code, "gone", operation: "wss://host/?token=***", status: status))
}

/// Always the longest wait.
private func makeSession(_ change: (inout LiveSession.Policy) -> Void = { _ in }) -> LiveSession {
    var policy = LiveSession.Policy()
    change(&policy)
    return LiveSession(policy) { $0.upperBound }
}

@Suite struct LiveSessionTests {
    @Test func `a line connects, begins, subscribes, and unsubscribes when it stops`() {
        var session = makeSession()
        #expect(session.start() == [.report(.connecting, ""), .connect(1)])
        #expect(session.start().isEmpty)
        #expect(session.opened(1, nowNs: 0) == [.begin(epoch: 1), .subscribe(1, 0..<1), .report(.live, "")])
        #expect(session.stop() == [.unsubscribe(1), .close(1)])
        #expect(session.stop().isEmpty)
        #expect(!session.isStopped)
        #expect(session.ended(1, .closed(code: 1000, reason: ""), nowNs: 1) == [.report(.stopped, ""), .finish])
        #expect(session.isStopped)
        #expect(session.tick(nowNs: 1000 * second).isEmpty)
    }

    @Test func `a lost connection is made again after a wait, as a new epoch`() {
        var session = makeSession { $0.heartbeatNs = .max }
        _ = session.start()
        _ = session.opened(1, nowNs: 0)
        let actions = session.ended(1, lost(), nowNs: second)
        #expect(actions == [.report(.degraded, "wss://host/?token=***: gone; next attempt in 0.5 s")])
        #expect(session.tick(nowNs: second + 499_999_999).isEmpty)
        #expect(session.tick(nowNs: second + 500_000_000) == [.connect(2)])
        #expect(session.opened(2, nowNs: 2 * second).first == .begin(epoch: 2))
    }

    @Test func `waits double up to a minute and start over after a stable connection`() {
        var session = makeSession { $0.heartbeatNs = .max }
        var now: Int64 = 0
        _ = session.start()
        var waits: [Int64] = []
        for number in 1...10 {
            _ = session.ended(number, lost(), nowNs: now)
            let start = now
            while session.tick(nowNs: now).isEmpty { now += 100_000_000 }
            waits.append((now - start) / 100_000_000)
        }
        #expect(waits == [5, 10, 20, 40, 80, 160, 320, 600, 600, 600])
        // A connection that breaks at once is no success.
        _ = session.opened(11, nowNs: now)
        #expect(
            session.ended(11, lost(), nowNs: now + second) == [
                .report(.degraded, "wss://host/?token=***: gone; next attempt in 60.0 s")
            ])
        _ = session.tick(nowNs: now + 61 * second)
        _ = session.opened(12, nowNs: now + 61 * second)
        session.received(12, nowNs: now + 80 * second)
        #expect(
            session.ended(12, lost(), nowNs: now + 91 * second) == [
                .report(.degraded, "wss://host/?token=***: gone; next attempt in 0.5 s")
            ])
    }

    @Test(arguments: 0..<100 as Range<UInt64>)
    func `jitter uses the whole range below the bound, and a seed repeats it`(_ seed: UInt64) {
        func waits() -> [Int64] {
            var reconnect = Reconnect(Reconnect.Policy(), random: seeded(seed))
            return (0..<20).map { _ in
                let bound = reconnect.boundNs
                let wait = reconnect.nextNs()
                #expect((0...bound).contains(wait) && bound <= 60 * second)
                return wait
            }
        }
        let first = waits()
        #expect(first == waits())
        // Twenty draws, the later ones all below a minute: they are not all in one half.
        #expect(first.suffix(13).contains { $0 < 30 * second } && first.suffix(13).contains { $0 >= 30 * second })
    }

    @Test func `silence is stale: the line is closed and connected anew`() {
        var session = makeSession { $0.staleNs = 10 * second }
        _ = session.start()
        _ = session.opened(1, nowNs: 0)
        session.received(1, nowNs: 5 * second)
        #expect(session.tick(nowNs: 14 * second) == [.heartbeat])
        let actions = session.tick(nowNs: 15 * second)
        #expect(actions == [.heartbeat, .report(.stale, "nothing received for 10.0 s; connecting anew"), .close(1)])
        #expect(session.tick(nowNs: 15 * second + 1).isEmpty)
        #expect(session.ended(1, .closed(code: 1000, reason: ""), nowNs: 16 * second).count == 1)
        // Silence is a failure even of a connection that lasted.
        #expect(session.tick(nowNs: 16 * second + 500_000_000).contains(.connect(2)))
        _ = session.ended(2, lost(), nowNs: 17 * second)
        #expect(!session.tick(nowNs: 17 * second + 900_000_000).contains(.connect(3)))
        #expect(session.tick(nowNs: 18 * second).contains(.connect(3)))
    }

    @Test func `silence while the market is closed is idle, and counts anew once it opens`() {
        var session = makeSession {
            $0.staleNs = 10 * second
            $0.heartbeatNs = .max
        }
        _ = session.start()
        _ = session.opened(1, nowNs: 0)
        #expect(session.tick(nowNs: 9 * second, closed: "closed").isEmpty)
        #expect(session.tick(nowNs: 10 * second, closed: "closed") == [.report(.idle, "closed")])
        #expect(session.tick(nowNs: 5000 * second, closed: "closed").isEmpty)
        #expect(session.tick(nowNs: 5001 * second) == [.report(.live, "")])
        #expect(session.tick(nowNs: 5010 * second).isEmpty)
        #expect(session.tick(nowNs: 5011 * second).last == .close(1))
        #expect(session.reason(1, .closed(code: 1000, reason: "")) == "nothing was received on it")
    }

    @Test func `a frame in a closed market makes an idle line live`() {
        var session = makeSession {
            $0.staleNs = 10 * second
            $0.heartbeatNs = .max
        }
        _ = session.start()
        _ = session.opened(1, nowNs: 0)
        _ = session.tick(nowNs: 10 * second, closed: "closed")
        session.received(1, nowNs: 20 * second)
        #expect(session.tick(nowNs: 21 * second, closed: "closed") == [.report(.live, "")])
        #expect(session.tick(nowNs: 22 * second, closed: "closed").isEmpty)
        #expect(session.ended(1, lost(), nowNs: 23 * second).count == 1)
        #expect(session.reason(1, lost()) == "wss://host/?token=***: gone")
        _ = session.stop()
        #expect(session.reason(1, lost()) == "stopped")
    }

    @Test func `a loss is read back from the journal as it was written`() {
        let loss = ConnectionLoss(epoch: 7, line: "2", reason: "closed \"so\"\n")
        #expect(ConnectionLoss(payload: loss.payload) == loss)
        for text in ["", "{}", "[]", "{\"lost\":3}", "{\"lost\":\"x\"}"] {
            #expect(ConnectionLoss(payload: text) == nil)
        }
    }

    @Test func `lines of one feed are numbered in their settings`() throws {
        var venue = LiveVenue(
            name: "x", url: try WebSocketURL("wss://x"), subscribe: [], unsubscribe: [],
            settings: SessionSettings(decoder: "binance", values: [:]))
        venue.line = "2"
        #expect(venue.settings(epoch: 1).contains(#""line":"2""#))
    }

    @Test func `a heartbeat is written for every idle second, connected or not, and none before the first epoch`() {
        var session = makeSession()
        _ = session.start()
        #expect(session.tick(nowNs: 5 * second).isEmpty)
        _ = session.opened(1, nowNs: 10 * second)
        var beats: [Int64] = []
        for tenth in 100..<140 {
            let now = Int64(tenth) * second / 10
            if tenth == 115 { session.received(1, nowNs: now) }
            if tenth == 130 { _ = session.ended(1, lost(), nowNs: now) }
            if session.tick(nowNs: now).contains(.heartbeat) { beats.append(Int64(tenth)) }
        }
        #expect(beats == [110, 125, 135])
        _ = session.stop()
        #expect(session.tick(nowNs: 100 * second).isEmpty)
    }

    @Test func `what only a person can put right is tried at the slowest pace and raises an alert`() {
        for end in [lost(401, .refused), lost(403, .refused), lost(nil, .certificate)] {
            var session = makeSession()
            _ = session.start()
            let actions = session.ended(1, end, nowNs: 0)
            #expect(actions.contains { if case .alert = $0 { true } else { false } })
            #expect(session.tick(nowNs: 59 * second).isEmpty)
            #expect(session.tick(nowNs: 60 * second) == [.connect(2)])
        }
        var throttled = makeSession()
        _ = throttled.start()
        #expect(throttled.ended(1, lost(429, .refused), nowNs: 0).count == 1)
        #expect(throttled.tick(nowNs: 4 * second).isEmpty)
        #expect(throttled.tick(nowNs: 5 * second) == [.connect(2)])
    }

    @Test func `a stop is obeyed in every state`() {
        var idle = makeSession()
        #expect(idle.stop() == [.report(.stopped, ""), .finish])
        var connecting = makeSession()
        _ = connecting.start()
        #expect(connecting.stop() == [.close(1)])
        #expect(connecting.opened(1, nowNs: 1) == [.close(1)])
        #expect(connecting.ended(1, lost(), nowNs: 2).last == .finish)
        var waiting = makeSession()
        _ = waiting.start()
        _ = waiting.ended(1, lost(), nowNs: 0)
        #expect(waiting.stop().last == .finish)
        #expect(waiting.tick(nowNs: 1000 * second).isEmpty)
        var silent = makeSession { $0.staleNs = second }
        _ = silent.start()
        _ = silent.opened(1, nowNs: 0)
        _ = silent.tick(nowNs: second)
        #expect(silent.stop() == [.close(1)])
    }

    @Test func `settings of a connection name its number and address, never the key`() throws {
        let venue = LiveVenue(
            name: "finnhub", url: try WebSocketURL("wss://ws.finnhub.io?token=k3y"), subscribe: [], unsubscribe: [],
            settings: SessionSettings(decoder: "finnhub", values: ["venue": "US"]))
        #expect(
            venue.settings(epoch: 3)
                == #"{"decoder":"finnhub","epoch":"3","url":"wss://ws.finnhub.io/?token=***","venue":"US"}"#)
    }
}
