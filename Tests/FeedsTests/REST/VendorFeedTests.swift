import Foundation
import Market
import Networking
import Platform
import Synchronization
import TestKit
import Testing

@testable import Feeds

private func source(_ feed: any Feed.Type, _ vendor: AnsweringServer, _ options: [String]) throws -> any FeedSource {
    try feed.init(try Options(feed.spec, assignments: options + ["url=\(vendor.url)"])).makeSource()
}

private let csv = "Date,Open,High,Low,Close,Volume\n2026-06-29,1,2,0.5,1.5,100\n"

@Suite struct VendorFeedTests {
    @Test func `every symbol is asked once in a round, and each answer is a frame with what was asked`() throws {
        let vendor = try AnsweringServer { _ in .csv(csv) }
        let feed = try source(StooqFeed.self, vendor, ["symbols=US:AAPL=aapl.us,^SPX", "every=0", "from=2026-01-01"])
        let records = recordsOfVendor(feed)
        #expect(vendor.asked.map { $0.query["s"] } == ["aapl.us", "^SPX"])
        #expect(records.first?.hasPrefix("begin {\"decoder\":\"rest\"") == true && records.last == "end")
        #expect(records.bodies == [csv, csv])
        #expect(records[1].hasPrefix("frame {\"symbol\":\"AAPL\",\"venue\":\"US\",\"fetched_at\":\"20"))
        let settings = String(records[0].dropFirst("begin ".count))
        let answers = try DecodedAnswers(settings: settings).decode(frame: String(records[1].dropFirst("frame ".count)))
        #expect(answers.bars == ["US:AAPL 1d 2026-06-29T04:00:00Z 1.0/2.0/0.5/1.5 x100.0"])
    }

    @Test func `a key goes into a header field, never into frames, settings or status`() throws {
        let vendor = try AnsweringServer { asked in
            .json(asked.path.hasSuffix("prices") ? "[]" : "{\"name\":\"Apple\"}")
        }
        let status = FeedStatus(name: "vendor")
        let feed = try source(TiingoFeed.self, vendor, ["token=secret-key", "symbols=AAPL", "every=0"])
        let records = recordsOfVendor(feed, status: status)
        #expect(vendor.asked.allSatisfy { $0.headers["Authorization"] == "Token secret-key" })
        var dumped = ""
        dump(try TiingoFeed(try Options(TiingoFeed.spec, assignments: ["token=secret-key", "symbols=A"])), to: &dumped)
        #expect(!"\(records) \(status.snapshot) \(dumped)".contains("secret-key"))
        #expect(!vendor.asked.contains { $0.target.contains("secret") })
        let about = try DecodedAnswers(settings: String(records[0].dropFirst(6)))
            .decode(frame: String(records[1].dropFirst(6)))
        #expect(about.rows(about.events.instruments) == ["venue=TIINGO symbol=AAPL name=Apple"])
    }

    @Test func `a vendor that is asked too often is left alone as long as it says`() throws {
        let vendor = try AnsweringServer { asked in
            asked.number == 0 ? HTTPResponse(status: 429, headers: ["Retry-After": "1"]) : .csv(csv)
        }
        let status = FeedStatus(name: "vendor")
        let reasons = Mutex<[String]>([])
        let records = recordsOfVendor(try source(StooqFeed.self, vendor, ["symbols=A", "every=0"]), status: status) {
            records in
            reasons.withLock { $0.append(status.snapshot.detail) }
            return records.last == "end"
        }
        #expect(records.bodies == [csv])
        #expect(vendor.asked[1].atNs - vendor.asked[0].atNs >= 1_000_000_000)
        #expect(
            reasons.withLock { $0 }.contains { $0.hasPrefix("too many calls (429 Too Many Requests); next attempt in") }
        )
    }

    @Test func `an answer that only says that there were too many calls is not kept`() throws {
        let vendor = try AnsweringServer { asked in
            .json(asked.number == 0 ? "{\"Information\":\"our standard API rate limit is 25 requests per day\"}" : "[]")
        }
        let feed = try RESTFeed(
            try Options(
                RESTFeed.spec,
                assignments: [
                    "source=s", "url=\(vendor.url)/{symbol}", "symbols=A", "fields=time=t,close=c", "every=0",
                    "throttle=rate limit",
                ]))
        var plan = feed.plan
        plan.policy.throttledNs = 20_000_000
        let records = recordsOfVendor(try plan.makeSource(knownNs: [:]))
        #expect(records.bodies == ["[]"] && vendor.asked.count == 2)
    }

    @Test func `a server that fails is asked again, an answer that is nonsense is kept and told`() throws {
        let vendor = try AnsweringServer { asked in
            if asked.number < 2 { return HTTPResponse(status: asked.number == 0 ? 500 : 503) }
            return asked.path == "/A" ? .json("[{") : asked.path == "/B" ? HTTPResponse(status: 404) : .json("[]")
        }
        let status = FeedStatus(name: "vendor")
        let options = ["source=s", "url=\(vendor.url)/{symbol}", "symbols=A,B,C", "fields=time=t,close=c", "every=1h"]
        let feed = try RESTFeed(try Options(RESTFeed.spec, assignments: options))
        let records = recordsOfVendor(try feed.makeSource(), status: status) { $0.bodies.count == 3 }
        #expect(records.bodies == ["[{", "", "[]"])
        #expect(vendor.asked.map(\.path) == ["/A", "/A", "/A", "/B", "/C"])
        #expect(status.snapshot.reconnects == 2)
    }

    @Test func `what was refused is shown with its reason`() throws {
        let vendor = try AnsweringServer { asked in asked.path == "/A" ? HTTPResponse(status: 404) : .json("[]") }
        let status = FeedStatus(name: "vendor")
        let options = ["source=s", "url=\(vendor.url)/{symbol}", "symbols=A,B", "fields=time=t,close=c", "every=1h"]
        let feed = try RESTFeed(try Options(RESTFeed.spec, assignments: options))
        _ = recordsOfVendor(try feed.makeSource(), status: status) { records in
            records.bodies.count == 2 && status.snapshot.state == .degraded
        }
        // Stopping is the runner's to report.
        #expect(status.snapshot.detail == "A: 404 Not Found")
    }

    @Test func `pages follow by address, by what the answer says to ask for, and by number`() throws {
        let vendor = try AnsweringServer { asked in
            switch (asked.path, asked.query["page"] ?? asked.query["cursor"]) {
            case ("/number/A", "3"): .json(#"{"d":[]}"#)
            case ("/number/A", _), ("/cursor/A", "two"), ("/address/A", "2"):
                .json(#"{"d":[{"t":"2026-01-02","c":1}]}"#)
            case ("/cursor/A", _): .json(#"{"d":[{"t":"2026-01-01","c":1}],"n":"two"}"#)
            case ("/address/A", _): .json(#"{"d":[],"n":"http://\#(asked.headers["Host"] ?? "")/address/A?page=2"}"#)
            default: .json(#"{"d":[],"n":"http://127.0.0.1:9/other"}"#)
            }
        }
        func pages(_ url: String, _ more: [String]) throws -> Int {
            let options = [
                "source=s", "url=\(vendor.url)/\(url)", "symbols=A", "fields=time=t,close=c", "rows=d", "every=0",
            ]
            let feed = try RESTFeed(try Options(RESTFeed.spec, assignments: options + more))
            return recordsOfVendor(try feed.makeSource()).bodies.count
        }
        #expect(try pages("address/{symbol}", ["next=n"]) == 2)
        #expect(try pages("cursor/{symbol}", ["next=n", "next_parameter=cursor"]) == 2)
        #expect(try pages("number/{symbol}?page={page}", []) == 3)
        // The address of another host is not followed: it has no business with our key.
        #expect(try pages("elsewhere/{symbol}", ["next=n"]) == 1)
    }

    @Test func `stopping takes less than 100 ms, whatever it waits for`() throws {
        func stopNs(isSilent: Bool) throws -> Int64 {
            let vendor = try AnsweringServer { _ in isSilent ? nil : .csv(csv) }
            let feed = try source(StooqFeed.self, vendor, ["symbols=A", "every=1h"])
            let sink = RecordingSink()
            let ended = DispatchSemaphore(value: 0)
            Thread.detachNewThread {
                try? feed.run(into: sink, status: FeedStatus(name: "vendor"))
                ended.signal()
            }
            if isSilent {
                while vendor.asked.isEmpty { Thread.sleep(forTimeInterval: 0.001) }
            } else {
                sink.wait { $0.count == 2 }
            }
            let stopwatch = Stopwatch()
            sink.cancel()
            ended.wait()
            return stopwatch.elapsedNs
        }
        for isSilent in [true, false] {
            let shortestNs = try Patience.shortestNs(below: 100_000_000) { try stopNs(isSilent: isSilent) }
            #expect(shortestNs < 100_000_000, "silent: \(isSilent)")
        }
    }

    @Test func `heartbeats go on while a server is silent`() throws {
        let vendor = try AnsweringServer { _ in nil }
        let records = recordsOfVendor(try source(StooqFeed.self, vendor, ["symbols=A"])) { $0.contains("heartbeat") }
        #expect(records.last == "heartbeat")
    }

    @Test func `a sink that refuses ends the source with its error`() throws {
        let vendor = try AnsweringServer { _ in .csv(csv) }
        let sink = RecordingSink()
        sink.failsAtFrame = 0
        let feed = try source(StooqFeed.self, vendor, ["symbols=A", "every=0"])
        #expect(throws: RecordingSink.Full.self) { try feed.run(into: sink, status: FeedStatus(name: "vendor")) }
    }
}

@Suite struct FinnhubQuotesFeedTests {
    @Test func `quotes are asked for evenly over the interval, with the key in a header field`() throws {
        let vendor = try AnsweringServer { asked in
            .json(#"{"c":1.5,"d":0.5,"dp":50,"h":2,"l":1,"o":1,"pc":1,"t":1767571200}"#)
        }
        let options = ["token=secret-key", "symbols=AAPL,MSFT,TSLA", "every=300ms", "limits=1000/s"]
        let records = recordsOfVendor(try source(FinnhubQuotesFeed.self, vendor, options)) { $0.bodies.count >= 7 }
        #expect(vendor.asked.prefix(4).map { $0.query["symbol"] } == ["AAPL", "MSFT", "TSLA", "AAPL"])
        #expect(vendor.asked.allSatisfy { $0.path == "/api/v1/quote" && $0.headers["X-Finnhub-Token"] == "secret-key" })
        #expect(!"\(records)".contains("secret-key") && !vendor.asked.contains { $0.target.contains("secret") })
        let sixNs = vendor.asked[6].atNs - vendor.asked[0].atNs
        #expect(sixNs >= 590_000_000, "\(sixNs) ns")
        let answers = try DecodedAnswers(settings: String(records[0].dropFirst(6)))
            .decode(frame: String(records[1].dropFirst(6)))
        #expect(
            answers.rows(answers.events.quoteSnapshots)[0].hasSuffix(
                "event_time_ns=1767571200000000000 current=1.5 change=0.5 change_percent=50.0 high=2.0 low=1.0 open=1.0"
                    + " previous_close=1.0"))
    }

    @Test func `a wrong key is shown, and the feed waits for a person`() throws {
        let vendor = try AnsweringServer { _ in .json("{\"error\":\"Invalid API key\"}", status: 401) }
        let status = FeedStatus(name: "vendor")
        _ = recordsOfVendor(try source(FinnhubQuotesFeed.self, vendor, ["token=k"]), status: status) { records in
            records.contains("heartbeat")
        }
        #expect(vendor.asked.count == 1)
        #expect(
            status.snapshot.detail.hasPrefix("US:AAPL: 401 Unauthorized; next attempt in 60"),
            "\(status.snapshot.detail)")
    }
}

@Suite struct YahooFeedTests {
    @Test func `one chart gives bars, dividends, splits and the instrument`() throws {
        let answers = try DecodedAnswers(YahooFeed.self, ["symbols=AAPL"])
        answers.decode(
            #"""
            {"chart":{"result":[{"meta":{"currency":"USD","symbol":"AAPL","instrumentType":"EQUITY","firstTradeDate":345479400,
            "exchangeTimezoneName":"America/New_York","longName":"Apple Inc."},
            "timestamp":[1598535000,1598621400,1598880600,1598967000],
            "events":{"dividends":{"1598621400":{"amount":0.2,"date":1598621400}},
            "splits":{"1598880600":{"date":1598880600,"numerator":4,"denominator":1,"splitRatio":"4:1"}}},
            "indicators":{"quote":[{"open":[127.1,126.0,127.6,null],"high":[127.5,126.4,131.0,null],"low":[123.8,124.6,126.0,null],
            "close":[125.0,124.8,129.0,null],"volume":[155552400,187630000,225702700,null]}],
            "adjclose":[{"adjclose":[124.6,124.6,129.0,null]}]}}],"error":null}}
            """#, symbol: "AAPL")
        #expect(answers.deadLetters == [] && answers.events.ignored == 1)
        #expect(
            answers.bars == [
                "V:AAPL 1d 2020-08-27T04:00:00Z 127.1/127.5/123.8/125.0 x155552400.0 adj 124.6",
                "V:AAPL 1d 2020-08-28T04:00:00Z 126.0/126.4/124.6/124.8 x187630000.0 adj 124.6",
                "V:AAPL 1d 2020-08-31T04:00:00Z 127.6/131.0/126.0/129.0 x225702700.0 adj 129.0",
            ])
        #expect(
            answers.rows(answers.events.corporateActions) == [
                "venue=V symbol=AAPL kind=dividend effective_ns=1598587200000000000 value=0.2 currency=USD",
                "venue=V symbol=AAPL kind=split effective_ns=1598846400000000000 value=4.0",
            ])
        #expect(
            answers.rows(answers.events.instruments) == [
                "venue=V symbol=AAPL name=Apple Inc. currency=USD type=stock listed=1980-12-12"
            ])
    }

    @Test func `an unknown symbol is told in the vendor's words`() throws {
        let text = #"{"chart":{"result":null,"error":{"code":"Not Found","description":"No data found"}}}"#
        let answers = try DecodedAnswers(YahooFeed.self, ["symbols=AAPL"]).decode(text)
        #expect(answers.deadLetters == ["0 venue_error: No data found"])
    }
}
