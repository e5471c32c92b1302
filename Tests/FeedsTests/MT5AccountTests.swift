import Feeds
import Foundation
import Market
import Platform
import Testing

@Suite struct MT5AccountTests {
    private static let position =
        #"{"change":"opened","event_msc":1717988400500,"ticket":11,"time_msc":1717988400500,"time_update_msc":1717988400500,"#
        + #""type":1,"magic":7,"identifier":11,"reason":3,"volume":0.1,"price_open":1.1,"sl":0.0,"tp":1.05,"price_current":1.0999,"#
        + #""swap":-0.3,"profit":12.34,"symbol":"EURUSD","comment":"say \"hi\"","external_id":"","event_utc_msc":1717977600500,"#
        + #""offset_s":10800,"open_utc_msc":1717977600400}"#
    private static let deal =
        #"{"ticket":23,"order":523,"time_msc":1717988409000,"type":0,"entry":1,"magic":0,"position_id":11,"reason":4,"#
        + #""volume":0.1,"price":1.0876,"commission":-0.07,"swap":-0.3,"profit":0.1,"fee":1e-08,"symbol":"EURUSD","comment":"","#
        + #""external_id":"x","utc_msc":1717977609000,"offset_s":10800}"#
    private static let balance =
        #"{"ticket":1,"order":0,"time_msc":1717988400000,"type":2,"entry":0,"magic":0,"position_id":0,"reason":0,"volume":0.0,"#
        + #""price":0.0,"commission":0.0,"swap":0.0,"profit":123456789.12,"fee":0.0,"symbol":"","comment":"deposit","#
        + #""external_id":"","utc_msc":1717977600000,"offset_s":10800}"#

    private func frame(_ positions: [String], _ deals: [String]) -> String {
        "{\"type\":\"account\",\"seq\":9,\"account\":\"123@Demo\",\"currency\":\"EUR\",\"positions\":[\(positions.joined(separator: ","))],\"deals\":[\(deals.joined(separator: ","))]}"
    }

    private func decoded(_ frames: String...) -> DecodedFrames {
        let result = DecodedFrames { FrameDecoders.mt5($0) }
        for frame in frames { result.decode(frame) }
        return result
    }

    @Test func `a position's fields reach the table, money exactly, what is not there as missing`() {
        let result = decoded(frame([Self.position], []))
        let rows = result.events.positions, place = Tables.positions.place
        #expect(rows.count == 1 && result.deadLetters.isEmpty && result.events.ignored == 0)
        #expect(
            ["account", "symbol", "change", "type", "reason", "comment"].map { rows.text(place($0), row: 0) }
                == ["123@Demo", "EURUSD", "opened", "sell", "expert", "say \"hi\""])
        #expect(
            ["ticket", "event_time_ns", "opened_time_ns", "profit", "swap", "magic", "identifier", "broker_offset_s"]
                .map { rows.integer(place($0), row: 0) }
                == [
                    11, 1_717_977_600_500_000_000, 1_717_977_600_400_000_000, 1_234_000_000, -30_000_000, 7, 11, 10_800,
                ])
        #expect(["volume", "price_open", "take_profit"].map { rows.number(place($0), row: 0) } == [0.1, 1.1, 1.05])
        #expect(rows.number(place("stop_loss"), row: 0).isNaN)
    }

    @Test func `a closed position has no volume left`() {
        let rows = decoded(frame([Self.position.replacingOccurrences(of: "opened", with: "closed")], [])).events
            .positions
        #expect(rows.count == 1 && rows.number(Tables.positions.place("volume"), row: 0) == 0)
    }

    @Test func `deals have the words of the tables, balance operations neither order nor symbol`() {
        let result = decoded(frame([], [Self.deal, Self.balance]))
        let rows = result.events.deals, place = Tables.deals.place
        #expect(rows.count == 2 && result.deadLetters.isEmpty)
        #expect((0..<2).map { rows.text(place("type"), row: $0) } == ["buy", "balance"])
        #expect((0..<2).map { rows.text(place("entry"), row: $0) } == ["out", ""])
        #expect(rows.text(place("reason"), row: 0) == "sl" && rows.text(place("symbol"), row: 1).isEmpty)
        #expect((0..<2).map { rows.integer(place("profit"), row: $0) } == [10_000_000, 12_345_678_912_000_000])
        #expect(rows.integer(place("fee"), row: 0) == 1 && rows.integer(place("position_ticket"), row: 0) == 11)
        #expect(rows.integer(place("order_ticket"), row: 1) == ArrowColumn.missingInt64)
    }

    @Test func `a bad row is rejected alone, with the field that is wrong`() {
        for (old, new, reason) in [
            (#""ticket":11"#, #""ticket":"11""#, "wrong_type"),
            (#""profit":12.34"#, #""profit":null"#, "missing_field"),
            (#""change":"opened""#, #""change":"lost""#, "wrong_type"),
            (#""volume":0.1"#, #""volume":-1"#, "size_invalid"),
            (#""event_utc_msc":1717977600500"#, #""event_utc_msc":-1"#, "time_out_of_range"),
            (#""profit":12.34"#, #""profit":0.123456789"#, "wrong_type"),
        ] {
            let bad = Self.position.replacingOccurrences(of: old, with: new)
            let result = decoded(frame([bad, Self.position], [Self.deal]))
            #expect(result.reasons == [reason], "\(new)")
            #expect(result.events.positions.count == 1 && result.events.deals.count == 1, "\(new)")
        }
    }

    @Test func `what is no account message, or broken, is refused once`() {
        let result = decoded(
            #"{"type":"account","seq":1}"#, #"{"type":"account","account":"1@x","positions":[],"deals":7}"#,
            #"{"type":"account","account":"#, #"{"type":"account","account":"1@x","positions":[tru],"deals":[]}"#)
        #expect(result.reasons == ["missing_field", "missing_field", "malformed", "malformed"])
        #expect(result.events.ignored == 0)
    }

    @Test func `ticks and account messages of one run keep their order`() {
        let tick = #"{"type":"ticks","seq":1,"symbol":"A","offset_s":0,"ticks":[[1717988400123,0,1,2,0,0,6]]}"#
        let result = DecodedFrames { FrameDecoders.mt5($0) }
        result.decodeRun([tick, frame([Self.position], []), "{", tick].map { Array($0.utf8) })
        #expect(result.events.quotes.journalOffset[1] == 3)
        #expect(result.events.positions.integer(Tables.positions.place("journal_offset"), row: 0) == 1)
        #expect(result.reasons == ["malformed"])
    }
}
