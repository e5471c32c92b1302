import Networking
import TestKit
import Testing

@testable import Feeds

private let second: Int64 = 1_000_000_000

private func lost(_ status: Int? = nil) -> WebSocketEnd {
    .failed(NetworkError(status == nil ? .connection : .refused, "gone", operation: "wss://host/", status: status))
}

/// A line whose connections live for an hour, and which never writes heartbeats; always waits as long as it may.
private func makeSession(orders: Int = 1, _ change: (inout LiveSession.Policy) -> Void = { _ in }) -> LiveSession {
    var policy = LiveSession.Policy()
    policy.lifetimeNs = 3600 * second
    policy.heartbeatNs = .max
    policy.staleNs = 7200 * second
    change(&policy)
    return LiveSession(policy, orders: orders) { $0.upperBound }
}

/// A line that a first connection carries since the time 0.
private func running(orders: Int = 1, _ change: (inout LiveSession.Policy) -> Void = { _ in }) -> LiveSession {
    var session = makeSession(orders: orders, change)
    _ = session.start()
    _ = session.opened(1, nowNs: 0)
    session.received(1, nowNs: second)
    return session
}

@Suite struct ReplacementTests {
    @Test func `a connection gets a successor before its end, and both deliver for a while`() {
        var session = running()
        #expect(session.tick(nowNs: 3600 * second - 1).isEmpty)
        #expect(session.tick(nowNs: 3600 * second) == [.connect(2)])
        #expect(session.tick(nowNs: 3601 * second).isEmpty)
        #expect(session.opened(2, nowNs: 3602 * second) == [.begin(epoch: 2), .subscribe(2, 0..<1)])
        // Nothing came yet: the old connection stays however long that takes.
        #expect(session.tick(nowNs: 3630 * second).isEmpty)
        session.received(2, nowNs: 3631 * second)
        session.received(1, nowNs: 3631 * second)
        #expect(session.tick(nowNs: 3632 * second) == [.close(1)])
        #expect(session.ended(1, .closed(code: 1000, reason: ""), nowNs: 3633 * second).isEmpty)
        // The successor's own hour counts from its opening.
        #expect(session.tick(nowNs: 7201 * second).isEmpty)
        #expect(session.tick(nowNs: 7202 * second) == [.connect(3)])
    }

    @Test func `the overlap counts from the last message that asks for data`() {
        var session = running(orders: 3) { $0.orderIntervalNs = second }
        #expect(session.tick(nowNs: second) == [.subscribe(1, 1..<2)])
        #expect(session.tick(nowNs: second + 1).isEmpty)
        #expect(session.tick(nowNs: 2 * second) == [.subscribe(1, 2..<3)])
        #expect(session.tick(nowNs: 3 * second).isEmpty)
        _ = session.tick(nowNs: 3600 * second)
        #expect(session.opened(2, nowNs: 3600 * second) == [.begin(epoch: 2), .subscribe(2, 0..<1)])
        session.received(2, nowNs: 3600 * second)
        #expect(session.tick(nowNs: 3605 * second) == [.subscribe(2, 1..<2)])
        #expect(session.tick(nowNs: 3608 * second) == [.subscribe(2, 2..<3)])
        #expect(session.tick(nowNs: 3617 * second).isEmpty)
        #expect(session.tick(nowNs: 3618 * second) == [.close(1)])
    }

    @Test func `a venue that ends the old connection first leaves no gap`() {
        var session = running()
        _ = session.tick(nowNs: 3600 * second)
        _ = session.opened(2, nowNs: 3601 * second)
        session.received(2, nowNs: 3601 * second)
        #expect(session.ended(1, .closed(code: 1001, reason: "24 h"), nowNs: 3602 * second) == [.report(.live, "")])
        #expect(session.tick(nowNs: 3700 * second).isEmpty)
        // A successor that is still on its way is waited for instead of a further attempt.
        var early = running()
        _ = early.tick(nowNs: 3600 * second)
        #expect(
            early.ended(1, .closed(code: 1001, reason: ""), nowNs: 3601 * second)
                == [.report(.connecting, "the venue closed the connection (code 1001)")])
        #expect(early.tick(nowNs: 3602 * second).isEmpty)
        #expect(early.opened(2, nowNs: 3603 * second) == [.begin(epoch: 2), .subscribe(2, 0..<1), .report(.live, "")])
    }

    @Test func `a successor that fails is tried again while the line goes on`() {
        var session = running()
        _ = session.tick(nowNs: 3600 * second)
        let actions = session.ended(2, lost(), nowNs: 3601 * second)
        #expect(actions == [.report(.live, "wss://host/: gone that was to replace another; next attempt in 0.5 s")])
        #expect(session.tick(nowNs: 3601 * second + 499_999_999).isEmpty)
        #expect(session.tick(nowNs: 3601 * second + 500_000_000) == [.connect(3)])
        _ = session.ended(3, lost(429), nowNs: 3602 * second)
        #expect(session.tick(nowNs: 3606 * second).isEmpty)
        #expect(session.tick(nowNs: 3607 * second) == [.connect(4)])
        // The successor opens and falls silent: it is given up, the old one stays.
        _ = session.opened(4, nowNs: 3608 * second)
        session.received(1, nowNs: 3608 * second + 7199 * second)
        #expect(session.tick(nowNs: 3608 * second + 7200 * second) == [.close(4)])
        #expect(session.ended(4, .closed(code: 1000, reason: ""), nowNs: 10_809 * second).isEmpty)
        #expect(session.tick(nowNs: 10_900 * second) == [.connect(5)])
    }

    @Test func `an old connection that falls silent makes way for its successor`() {
        var session = running { $0.staleNs = 100 * second }
        session.received(1, nowNs: 3600 * second)
        _ = session.tick(nowNs: 3600 * second)
        _ = session.opened(2, nowNs: 3690 * second)
        session.received(2, nowNs: 3699 * second)
        #expect(session.tick(nowNs: 3700 * second).last == .close(1))
        #expect(session.ended(1, .closed(code: 1000, reason: ""), nowNs: 3701 * second) == [.report(.live, "")])
    }

    @Test func `a stop ends both connections, and the line is over with the last`() {
        var session = running()
        _ = session.tick(nowNs: 3600 * second)
        _ = session.opened(2, nowNs: 3601 * second)
        #expect(session.stop() == [.unsubscribe(1), .close(1), .unsubscribe(2), .close(2)])
        #expect(session.ended(2, .closed(code: 1000, reason: ""), nowNs: 3602 * second).isEmpty && !session.isStopped)
        #expect(
            session.ended(1, .closed(code: 1000, reason: ""), nowNs: 3602 * second) == [.report(.stopped, ""), .finish])
        // Also where the old connection was closed already and has not ended.
        var leaving = running()
        _ = leaving.tick(nowNs: 3600 * second)
        _ = leaving.opened(2, nowNs: 3601 * second)
        leaving.received(2, nowNs: 3601 * second)
        #expect(leaving.tick(nowNs: 3611 * second) == [.close(1)])
        #expect(leaving.stop() == [.unsubscribe(2), .close(2)])
        _ = leaving.ended(2, .closed(code: 1000, reason: ""), nowNs: 3612 * second)
        #expect(!leaving.isStopped)
        #expect(leaving.ended(1, lost(), nowNs: 3612 * second).last == .finish)
    }

    /// What holds whatever happens: at most two connections at a time, a carrier whenever one is open, an end.
    @Test(arguments: 0..<200 as Range<UInt64>)
    func `whatever happens there are at most two connections, and a stop ends them all`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var session = makeSession {
            $0.staleNs = 20 * second; $0.lifetimeNs = 60 * second; $0.overlapNs = 5 * second
        }
        var alive: [Int: Bool] = [:]  // by number: open or not
        var closing: Set<Int> = []
        var now: Int64 = 0
        func apply(_ actions: [LiveSession.Action]) {
            for action in actions {
                switch action {
                case .connect(let number):
                    #expect(alive[number] == nil)
                    alive[number] = false
                case .close(let number): closing.insert(number)
                case .subscribe(let number, _): #expect(alive[number] == true)
                default: break
                }
            }
            #expect(alive.keys.filter { !closing.contains($0) }.count <= 2)
        }
        apply(session.start())
        for _ in 0..<400 {
            now += Int64.random(in: 0...3 * second, using: &random)
            let number = alive.keys.sorted().randomElement(using: &random)
            switch Int.random(in: 0..<20, using: &random) {
            case 0:
                guard let number else { break }
                alive[number] = nil
                closing.remove(number)
                apply(session.ended(number, lost(), nowNs: now))
            case 1...4:
                guard let number, alive[number] == false else { break }
                alive[number] = true
                apply(session.opened(number, nowNs: now))
            case 5...12:
                if let number, alive[number] == true { session.received(number, nowNs: now) }
            default: apply(session.tick(nowNs: now))
            }
            for number in closing where Bool.random(using: &random) {
                closing.remove(number)
                alive[number] = nil
                apply(session.ended(number, .closed(code: 1000, reason: ""), nowNs: now))
            }
        }
        apply(session.stop())
        #expect(Set(alive.keys) == closing)
        for number in closing {
            #expect(!session.isStopped)
            apply(session.ended(number, .closed(code: 1000, reason: ""), nowNs: now))
        }
        #expect(session.isStopped)
    }
}
