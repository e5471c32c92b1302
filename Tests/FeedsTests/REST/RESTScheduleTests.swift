import TestKit
import Testing

@testable import Feeds

private func makeSchedule(_ change: (inout RESTSchedule.Policy) -> Void = { _ in }) -> RESTSchedule {
    var policy = RESTSchedule.Policy(intervalNs: 1000)
    policy.reconnect.firstNs = 100
    policy.reconnect.maxNs = 10_000
    policy.throttledNs = 500
    change(&policy)
    return RESTSchedule(policy) { $0.upperBound }
}

/// Asks what is due and answers at once, up to a time; the calls with the times at which they were asked.
private func run(
    _ schedule: inout RESTSchedule, calls: Int, from startNs: Int64 = 0, untilNs: Int64, tookNs: Int64 = 0,
    verdict: (Int, Int64) -> RESTVerdict = { _, _ in .taken }
) -> [String] {
    var asked: [String] = []
    var nowNs = startNs
    while nowNs < untilNs {
        switch schedule.next(nowNs: nowNs) {
        case .plan: schedule.begin(calls: calls, nowNs: nowNs)
        case .ask(let call):
            asked.append("\(call)@\(nowNs)")
            nowNs += tookNs
            _ = schedule.finished(verdict(call, nowNs), nowNs: nowNs)
        case .wait(let until): nowNs = until
        case .finish: return asked + ["finish@\(nowNs)"]
        }
    }
    return asked
}

@Suite struct RESTScheduleTests {
    @Test func `spread calls are evenly apart, round after round`() {
        var schedule = makeSchedule { $0.isSpread = true }
        let asked = run(&schedule, calls: 4, untilNs: 1600, tookNs: 10)
        #expect(asked == ["0@0", "1@250", "2@500", "3@750", "0@1000", "1@1250", "2@1500"])
    }

    @Test func `other calls follow each other, and one round ends where only one is wanted`() {
        var schedule = makeSchedule { $0.intervalNs = 0 }
        #expect(run(&schedule, calls: 3, untilNs: 5000, tookNs: 10) == ["0@0", "1@10", "2@20", "finish@30"])
    }

    @Test func `a round that took too long is followed by the next at once, and none is made up for`() {
        var schedule = makeSchedule()
        let asked = run(&schedule, calls: 2, untilNs: 8000, tookNs: 1500)
        #expect(asked == ["0@0", "1@1500", "0@3000", "1@4500", "0@6000", "1@7500"])
    }

    @Test func `limits hold calls back`() {
        var schedule = makeSchedule {
            $0.intervalNs = 0
            $0.limits = [RateLimit(count: 2, spanNs: 1000), RateLimit(count: 1, spanNs: 100)]
        }
        #expect(run(&schedule, calls: 4, untilNs: 9000) == ["0@0", "1@100", "2@1000", "3@1100", "finish@1100"])
    }

    @Test func `a throttled call waits as long as the server asks, and is asked again`() {
        var schedule = makeSchedule { $0.intervalNs = 0 }
        var verdicts: [RESTVerdict] = [
            .throttled(leastNs: 700, ""), .throttled(leastNs: nil, ""), .taken, .taken,
        ]
        let asked = run(&schedule, calls: 2, untilNs: 9000) { _, _ in verdicts.removeFirst() }
        #expect(asked == ["0@0", "0@700", "0@1200", "1@1200", "finish@1200"])
    }

    @Test func `failures back off, doubling up to the limit, and success forgets them`() {
        var schedule = makeSchedule {
            $0.intervalNs = 0
            $0.reconnect.maxNs = 400
            $0.attempts = 100
        }
        var failures = 5
        let asked = run(&schedule, calls: 1, untilNs: 9000) { _, _ in
            failures -= 1
            return failures < 0 ? .taken : .failed(leastNs: nil, "")
        }
        #expect(asked == ["0@0", "0@100", "0@300", "0@700", "0@1100", "0@1500", "finish@1500"])
        schedule = makeSchedule()
        _ = run(&schedule, calls: 1, untilNs: 1) { _, _ in .failed(leastNs: nil, "") }
        _ = run(&schedule, calls: 1, from: 100, untilNs: 101)
        let waitNs = schedule.finished(.failed(leastNs: nil, ""), nowNs: 200)
        #expect(waitNs == 100)
    }

    @Test func `one call that always fails does not hold up the others`() {
        var schedule = makeSchedule {
            $0.intervalNs = 0
            $0.attempts = 2
        }
        let asked = run(&schedule, calls: 2, untilNs: 9000) { call, _ in call == 0 ? .failed(leastNs: nil, "") : .taken
        }
        #expect(asked == ["0@0", "0@100", "1@300", "finish@300"])
    }

    @Test func `a refused call is not asked again in its round; a bad key slows everything down`() {
        var schedule = makeSchedule { $0.intervalNs = 0 }
        let refused = run(&schedule, calls: 2, untilNs: 9000) { call, _ in call == 0 ? .refused("404") : .taken }
        #expect(refused == ["0@0", "1@0", "finish@0"])
        schedule = makeSchedule { $0.intervalNs = 0 }
        var isGood = false
        let stopped = run(&schedule, calls: 1, untilNs: 30_000) { _, _ in
            defer { isGood = true }
            return isGood ? .taken : .needsPerson("401")
        }
        #expect(stopped == ["0@0", "0@10000", "finish@10000"])
    }

    @Test func `further pages follow at once, within the limits`() {
        var schedule = makeSchedule {
            $0.isSpread = true
            $0.limits = [RateLimit(count: 1, spanNs: 50)]
        }
        schedule.begin(calls: 2, nowNs: 0)
        #expect(schedule.next(nowNs: 0) == .ask(0))
        _ = schedule.finished(.taken, hasFurtherPage: true, nowNs: 0)
        #expect(schedule.next(nowNs: 0) == .wait(untilNs: 50))
        #expect(schedule.next(nowNs: 50) == .ask(0))
        _ = schedule.finished(.taken, nowNs: 60)
        #expect(schedule.next(nowNs: 60) == .wait(untilNs: 500))
    }

    @Test func `a round without calls is over at once`() {
        var schedule = makeSchedule()
        #expect(run(&schedule, calls: 0, untilNs: 2500) == [])
    }

    @Test func `statuses are judged by who can help`() {
        #expect(RESTVerdict.judge(status: 200, retryAfterNs: nil) == .taken)
        #expect(RESTVerdict.judge(status: 429, retryAfterNs: 7) == .throttled(leastNs: 7, "429 Too Many Requests"))
        #expect(RESTVerdict.judge(status: 503, retryAfterNs: 7) == .failed(leastNs: 7, "503 Service Unavailable"))
        #expect(RESTVerdict.judge(status: 404, retryAfterNs: nil) == .refused("404 Not Found"))
        #expect(RESTVerdict.judge(status: 403, retryAfterNs: nil) == .refused("403 Forbidden"))
        #expect(RESTVerdict.judge(status: 401, retryAfterNs: nil) == .needsPerson("401 Unauthorized"))
    }
}
