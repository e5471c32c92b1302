import Feeds
import Testing

@Suite struct MT5TextTests {
    @Test func `ticks are shown in UTC, with the prices that there are`() {
        let lines = MT5Text.lines(
            #"{"type":"ticks","seq":1,"symbol":"EURUSD","offset_s":10800,"ticks":[[1717988400123,0,1.0735,1.0736,0.0,0.0,6],[1717988400123,1,0.0,98.5,98.25,12.0,56]]}"#
        )
        #expect(
            lines == [
                "EURUSD  2024-06-10T00:00:00.123Z  bid 1.0735  ask 1.0736",
                "EURUSD  2024-06-10T00:00:00.123Z  ask 98.5  last 98.25  volume 12.0",
            ])
    }

    @Test func `positions and deals are shown in words`() {
        let lines = MT5Text.lines(
            #"{"type":"account","positions":[{"change":"opened","ticket":11,"type":1,"volume":0.1,"symbol":"EURUSD","price_open":1.1,"price_current":1.09,"profit":12.5,"event_utc_msc":1717977600000}],"#
                + #""deals":[{"ticket":23,"type":0,"entry":1,"volume":0.1,"symbol":"EURUSD","price":1.09,"profit":12.5,"utc_msc":1717977600000}]}"#
        )
        #expect(
            lines == [
                "position opened #11 sell 0.1 EURUSD at 1.1, now 1.09, profit 12.5  2024-06-10T00:00:00Z",
                "deal #23 buy out 0.1 EURUSD at 1.09, profit 12.5  2024-06-10T00:00:00Z",
            ])
    }

    @Test func `clock, terminal and errors are sentences, heartbeats nothing, the unknown as it came`() {
        #expect(
            MT5Text.lines(#"{"type":"clock","state":"detected","offset_s":-12600}"#)
                == ["the broker's clock is -3.5 h from UTC (detected)"])
        #expect(
            MT5Text.lines(#"{"type":"clock","state":"unknown","offset_s":null,"message":"waiting"}"#)
                == ["the broker's clock: waiting"])
        #expect(
            MT5Text.lines(#"{"type":"terminal","connected":false,"message":"No IPC connection (-10004)"}"#)
                == ["terminal gone: No IPC connection (-10004)"])
        #expect(MT5Text.lines(#"{"type":"error","message":"no"}"#) == ["error: no"])
        #expect(MT5Text.lines(#"{"type":"heartbeat"}"#).isEmpty)
        for odd in ["{", "7", #"{"type":"news","a":1}"#, #"{"type":"ticks","ticks":3}"#] {
            #expect(MT5Text.lines(odd) == [odd])
        }
    }
}
