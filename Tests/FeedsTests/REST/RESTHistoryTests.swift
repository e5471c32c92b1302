import Market
import Networking
import Platform
import Testing

@testable import Feeds

private let day = Timestamp.nanosecondsPerDay

/// What a feed asks in a round that begins at noon of 2026-06-30.
private func asked(
    _ feed: any HistoryFeed.Type, _ options: [String], known: [Instrument: Int64] = [:]
) throws -> [String] {
    let plan = try feed.init(try Options(feed.spec, assignments: options)).plan
    let calls = try RESTHistory(plan.vendor, plan.order, knownNs: known).calls(nowNs: DecodedAnswers.fetchedAtNs)
    return calls.map(\.request.url.target)
}

private func utc(_ text: String) -> Int64 { CivilDate(text)?.start.nanoseconds ?? 0 }

@Suite struct RESTHistoryTests {
    @Test func `all of the history is asked at first, then what is missing and a little before`() throws {
        let options = ["symbols=US:AAPL=aapl.us,US:NEW=new.us", "from=2020-01-01", "overlap=7d", "zone=UTC"]
        #expect(
            try asked(StooqFeed.self, options, known: [Instrument(venue: "US", symbol: "AAPL"): utc("2026-06-26")]) == [
                "/q/d/l/?s=aapl.us&d1=20260619&d2=20260630&i=d", "/q/d/l/?s=new.us&d1=20200101&d2=20260630&i=d",
            ])
        let early = [Instrument(venue: "US", symbol: "AAPL"): utc("2020-01-03")]
        #expect(try asked(StooqFeed.self, options, known: early)[0].contains("d1=20200101"))
    }

    @Test func `long stretches are asked in pieces where the vendor wants that`() throws {
        let targets = try asked(YahooFeed.self, ["symbols=^GSPC", "interval=1m", "from=2026-06-20", "zone=UTC"])
        let times = [utc("2026-06-20"), utc("2026-06-27"), DecodedAnswers.fetchedAtNs].map { $0 / 1_000_000_000 }
        #expect(targets.count == 2)
        #expect(targets[0].hasPrefix("/v8/finance/chart/%5EGSPC?period1=\(times[0])&period2=\(times[1])&interval=1m"))
        #expect(targets[1].contains("period1=\(times[1])&period2=\(times[2])"))
    }

    @Test func `months are asked one by one, short answers where they are enough`() throws {
        let months = try asked(AlphaVantageFeed.self, ["token=k", "symbols=A", "interval=5m", "from=2026-04-20"])
        #expect(
            months.map { $0.split(separator: "&").first { $0.hasPrefix("month=") } } == [
                "month=2026-04", "month=2026-05", "month=2026-06",
            ])
        let full = try asked(AlphaVantageFeed.self, ["token=k", "symbols=A", "from=2020-01-01"])
        #expect(full == ["/query?symbol=A&apikey=k&function=TIME_SERIES_DAILY_ADJUSTED&outputsize=full"])
        let recent = try asked(
            AlphaVantageFeed.self, ["token=k", "symbols=A", "adjusted=false"],
            known: [Instrument(venue: "ALPHAVANTAGE", symbol: "A"): utc("2026-06-26")])
        #expect(recent == ["/query?symbol=A&apikey=k&function=TIME_SERIES_DAILY&outputsize=compact"])
    }

    @Test func `days of questions are those of the zone`() throws {
        // Noon of the 30th in UTC is the 1st of July on Kiritimati.
        let targets = try asked(StooqFeed.self, ["symbols=A", "zone=Pacific/Kiritimati", "from=2026-01-01"])
        #expect(targets[0].contains("d2=20260701"))
    }

    @Test func `an instrument is asked for once`() throws {
        let plan = try TiingoFeed(try Options(TiingoFeed.spec, assignments: ["token=k", "symbols=A"])).plan
        let history = RESTHistory(plan.vendor, plan.order)
        let paths = try (0..<2).map { _ in
            try history.calls(nowNs: DecodedAnswers.fetchedAtNs).map { $0.request.url.target.prefix { $0 != "?" } }
        }
        #expect(paths == [["/tiingo/daily/A", "/tiingo/daily/A/prices"], ["/tiingo/daily/A/prices"]])
    }

    @Test(arguments: [
        ("symbols", ["symbols="]), ("symbols", ["symbols=A,A"]), ("symbols", ["symbols=A="]),
        ("limits", ["symbols=A", "limits=often"]), ("from", ["symbols=A", "from=long ago"]),
        ("url", ["symbols=A", "url=stooq.com"]), ("zone", ["symbols=A", "zone=Mars"]),
        ("interval", ["symbols=A", "interval=5m"]),
    ])
    func `an option that cannot be used is named`(_ name: String, _ assignments: [String]) {
        let error = #expect(throws: ConfigError.self) {
            try StooqFeed(try Options(StooqFeed.spec, assignments: assignments))
        }
        #expect(error?.message.contains(name) == true, "\(error?.message ?? "")")
    }

    @Test func `an interval that the limits do not allow says which one they do`() {
        let error = #expect(throws: ConfigError.self) {
            try FinnhubQuotesFeed(try Options(FinnhubQuotesFeed.spec, assignments: ["token=k", "every=2s"]))
        }
        #expect(error?.message.contains("too short for 5 symbols") == true && error?.suggestion == "write `5s` or more")
    }

    @Test(arguments: [
        ("url", ["url=ftp://h"]), ("url", ["url=https://h/{sym}"]), ("url", ["url=https://h/{symbol"]),
        ("headers", ["headers=nonsense"]), ("fields", ["fields=time"]), ("fields", ["fields=time=t"]),
        ("next", ["next=a..b"]), ("symbols", ["symbols="]), ("[0]x", ["fields=time=t,close=[0]x"]),
    ])
    func `a generic feed that cannot be used says where`(_ part: String, _ change: [String]) {
        let usual = ["source=s", "url=https://h/{symbol}", "symbols=A", "fields=time=t,close=c"]
        let names = change.map { $0.prefix { $0 != "=" } }
        let assignments = usual.filter { text in !names.contains(text.prefix { $0 != "=" }) } + change
        let error = #expect(throws: ConfigError.self) {
            try RESTFeed(try Options(RESTFeed.spec, assignments: assignments))
        }
        #expect(error?.message.contains(part) == true, "\(error?.message ?? "")")
    }
}
