import Analytics
import Market
import Platform
import Testing

/// Bars of `1d`, by the calendars of real venues.
struct TradingDayBarsTests {
    private static let instruments = [
        Instrument(venue: "US", symbol: "AAPL"), Instrument(venue: "FX", symbol: "EURUSD"),
        Instrument(venue: "BINANCE", symbol: "BTCUSDT"), Instrument(venue: "NOWHERE", symbol: "X"),
        Instrument(venue: "JPX", symbol: "7203"), Instrument(venue: "XETRA", symbol: "SAP"),
    ]
    private static let names = EngineNames(
        feed: { "\($0)" }, instrument: { Int($0) < instruments.count ? instruments[Int($0)] : nil })

    /// Hands trades of rising price and size 1 to an engine, and ends it.
    private func bars(_ trades: [(venue: String, time: String)]) throws -> [String] {
        let configuration = try EngineConfiguration(intervals: [.tradingDay], latenessNs: 0)
        let engine = Engine(configuration, names: Self.names)
        let output = EngineOutput(configuration)
        let events = EventBatch()
        for (index, trade) in trades.enumerated() {
            let time = try #require(Timestamp(rfc3339: trade.time)?.nanoseconds)
            let instrument = try #require(Self.instruments.firstIndex { $0.venue == trade.venue })
            events.trades.append(
                instrument: UInt32(instrument), eventTimeNs: time, ingestTimeNs: time, price: Double(index), size: 1,
                tradeID: ArrowColumn.missingInt64, journalOffset: Int64(index), frameIndex: 0)
        }
        engine.process(events, feed: 0, into: output)
        engine.end(feed: 0, journalOffset: Int64(trades.count), into: output)
        return (0..<output.bars.count).map { row in
            let bar = output.bars[row]
            let start = Timestamp(nanoseconds: bar.startNs)
            return
                "\(Self.instruments[Int(bar.instrument)].venue) \(start) \(Int(bar.open)) \(Int(bar.close)) \(bar.trades)"
        }
    }

    @Test func `a day of New York reaches from the opening to the closing auction`() throws {
        let day = try bars([
            ("US", "2026-01-05T14:29:59.999Z"), ("US", "2026-01-05T14:30:00Z"), ("US", "2026-01-05T18:00:00Z"),
            ("US", "2026-01-05T20:59:59.999Z"), ("US", "2026-01-05T21:00:41Z"), ("US", "2026-01-05T21:01:00Z"),
            ("US", "2026-01-06T00:30:00Z"), ("US", "2026-01-06T15:00:00Z"),
        ])
        #expect(day == ["US 2026-01-05T14:30:00Z 1 4 4", "US 2026-01-06T14:30:00Z 7 7 1"])
    }

    @Test func `an early close ends the day, and holidays have none`() throws {
        let days = try bars([
            ("US", "2026-11-26T15:00:00Z"), ("US", "2026-11-27T17:00:00Z"), ("US", "2026-11-27T18:00:30Z"),
            ("US", "2026-11-27T18:30:00Z"), ("US", "2026-11-28T15:00:00Z"),
        ])
        #expect(days == ["US 2026-11-27T14:30:00Z 1 2 2"])
    }

    @Test func `daylight saving moves the opening`() throws {
        let days = try bars([("US", "2024-03-08T14:30:00Z"), ("US", "2024-03-11T13:30:00Z")])
        #expect(days == ["US 2024-03-08T14:30:00Z 0 0 1", "US 2024-03-11T13:30:00Z 1 1 1"])
    }

    @Test func `a lunch break does not cut the day`() throws {
        let days = try bars([
            ("JPX", "2024-11-05T00:00:00Z"), ("JPX", "2024-11-05T03:00:00Z"), ("JPX", "2024-11-05T06:30:01Z"),
        ])
        #expect(days == ["JPX 2024-11-05T00:00:00Z 0 2 3"])
    }

    @Test func `days of currencies begin in New York's evening`() throws {
        let days = try bars([
            ("FX", "2026-01-04T21:59:00Z"), ("FX", "2026-01-04T22:00:00Z"), ("FX", "2026-01-05T21:59:59Z"),
            ("FX", "2026-01-05T22:00:00Z"),
        ])
        #expect(days == ["FX 2026-01-04T22:00:00Z 1 2 2", "FX 2026-01-05T22:00:00Z 3 3 1"])
    }

    @Test(arguments: ["BINANCE", "NOWHERE"])
    func `a venue that never closes, or has no calendar, has days of UTC`(venue: String) throws {
        let days = try bars([
            (venue, "2026-01-03T00:00:00Z"), (venue, "2026-01-03T23:59:59.999Z"), (venue, "2026-01-04T00:00:00Z"),
        ])
        #expect(days == ["\(venue) 2026-01-03T00:00:00Z 0 1 2", "\(venue) 2026-01-04T00:00:00Z 2 2 1"])
    }

    @Test func `venues of one feed close at their own ends`() throws {
        let days = try bars([
            ("NOWHERE", "2026-01-05T01:00:00Z"), ("XETRA", "2026-01-05T09:00:00Z"), ("US", "2026-01-05T15:00:00Z"),
            ("XETRA", "2026-01-05T16:35:20Z"), ("XETRA", "2026-01-05T16:40:00Z"), ("US", "2026-01-05T22:00:00Z"),
        ])
        #expect(
            days == [
                "XETRA 2026-01-05T08:00:00Z 1 3 2", "US 2026-01-05T14:30:00Z 2 2 1",
                "NOWHERE 2026-01-05T00:00:00Z 0 0 1",
            ])
    }
}
