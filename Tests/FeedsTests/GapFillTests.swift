import Networking
import Testing

@testable import Feeds

private let second: Int64 = 1_000_000_000

@Suite struct GapFillTests {
    private func fill(
        _ first: Int64 = 100, _ last: Int64 = 199, _ change: (inout GapFill.Patience) -> Void = { _ in }
    ) -> GapFill {
        var patience = GapFill.Patience()
        change(&patience)
        return GapFill(SequenceGap(symbol: "A", first: first, last: last, afterNs: 5), patience)
    }
    private func response(_ status: Int, _ headers: HTTPHeaders = [:]) -> HTTPResponse {
        HTTPResponse(status: status, headers: headers)
    }

    @Test func `pages that rise are asked for one after the other`() {
        var fill = fill()
        #expect(fill.firstStep == .ask(afterNs: 0))
        #expect(fill.answered(100...149, count: 50, lastNs: 77) == .ask(afterNs: 0))
        #expect(fill.gap == SequenceGap(symbol: "A", first: 150, last: 199, afterNs: 77))
        #expect(fill.answered(150...260, count: 50, lastNs: 99) == .done)
        #expect(fill.received == 100)
    }

    @Test func `pages that fall are asked for too`() {
        var fill = fill()
        #expect(fill.answered(150...199, count: 50, lastNs: 77) == .ask(afterNs: 0))
        #expect(fill.gap == SequenceGap(symbol: "A", first: 100, last: 149, afterNs: 5))
        #expect(fill.answered(40...149, count: 50, lastNs: 99) == .done)
    }

    @Test func `an answer without any of the gap ends it, so that nobody is asked for ever`() {
        for answer in [nil, 1...99, 200...300, 120...130 as ClosedRange<Int64>?] {
            var fill = fill()
            #expect(fill.answered(answer, count: 0, lastNs: 0) == .done)
        }
    }

    @Test func `too many requests are waited out as long as the venue says`() {
        var fill = fill()
        #expect(fill.refused(response(429, ["Retry-After": "7"])) == .ask(afterNs: 7 * second))
        #expect(fill.refused(response(418, ["Retry-After": "120"])) == .ask(afterNs: 120 * second))
        #expect(fill.refused(response(429)) == .ask(afterNs: 60 * second))
    }

    @Test func `failures are tried again with longer waits, and given up at last`() {
        var fill = fill { $0.failuresMax = 4 }
        var waits: [Int64] = []
        let error = NetworkError(.connection, "gone", operation: "GET https://x")
        for _ in 0..<3 {
            guard case .ask(let afterNs) = fill.failed(error) else { Issue.record("given up early"); return }
            waits.append(afterNs)
        }
        #expect(zip(waits, [1, 2, 4]).allSatisfy { $0 >= 0 && $0 <= $1 * second })
        #expect(fill.failed(error) == .giveUp("GET https://x: gone; 4 attempts"))
        // An answer makes up for failures.
        var other = self.fill { $0.failuresMax = 2 }
        _ = other.refused(response(503))
        _ = other.answered(100...149, count: 50, lastNs: 0)
        guard case .ask = other.refused(response(500)) else { Issue.record("given up early"); return }
    }

    @Test func `what does not get better is given up at once`() {
        var fill = fill()
        #expect(fill.refused(response(404)) == .giveUp("the venue answered 404 Not Found"))
        #expect(fill.refused(response(401)) == .giveUp("the venue answered 401 Unauthorized"))
        guard case .giveUp = fill.failed(NetworkError(.certificate, "bad", operation: "x")) else {
            Issue.record("an untrusted certificate is no reason to go on")
            return
        }
        let largest = self.fill(.min, .max)
        #expect(largest.gap.count == .max && largest.firstStep != .ask(afterNs: 0))
        let large = self.fill(1, 2_000_000)
        #expect(large.firstStep == .giveUp("more than the 1000000 trades that are fetched at most"))
    }

    @Test func `every venue is asked in its own words`() throws {
        let gap = SequenceGap(
            symbol: "BTC/USD", first: 61_044_954, last: 61_044_955, afterNs: 1_688_669_598_280_411_000)
        let kraken = try KrakenHistory(base: "https://api.kraken.com").request(gap)
        #expect(kraken.url.target == "/0/public/Trades?pair=XBTUSD&since=1688669598280410999&count=1000")
        #expect(KrakenHistory.restName("DOGE/EUR") == "XDGEUR" && KrakenHistory.restName("ETH/BTC") == "ETHXBT")
    }

    @Test func `an answer of Kraken that is an error is none`() {
        let history = KrakenHistory(base: "https://x")
        func refusal(_ text: String) -> HistoryRefusal? { history.refusal(in: Array(text.utf8)) }
        #expect(refusal(#"{"error":[],"result":{"XXBTZUSD":[],"last":"1"}}"#) == nil)
        let throttled = refusal(#"{"error":["EGeneral:Too many requests"]}"#)
        #expect(throttled == HistoryRefusal(reason: "EGeneral:Too many requests", isThrottling: true))
        #expect(refusal(#"{"error":["EQuery:Unknown asset pair"]}"#)?.isThrottling == false)
        #expect(refusal("<html>") != nil)
        var fill = fill()
        #expect(fill.refused(throttled!) == .ask(afterNs: 60 * second))
        #expect(
            fill.refused(HistoryRefusal(reason: "EQuery:Unknown asset pair", isThrottling: false))
                == .giveUp("the venue answered EQuery:Unknown asset pair"))
    }

    @Test func `an answer becomes a frame that names the instrument and where it came from`() throws {
        let frame = GapFiller.frame("A\"B", try HTTPURL("https://x:1/y?z=1"), Array("[1]".utf8))
        #expect(
            String(decoding: frame, as: UTF8.self) == #"{"backfill":"A\"B","source":"https://x:1/y?z=1","data":[1]}"#)
    }
}
