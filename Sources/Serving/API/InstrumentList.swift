internal import Market
internal import Platform

/// `GET /api/v1/instruments`: the board as JSON.
enum InstrumentList {
    static func json(_ board: MarketBoard, _ instruments: [Instrument], feedName: (UInt32) -> String) -> [UInt8] {
        let lines = board.snapshot()
        var json = JSONWriter(reservingBytes: lines.count * 400)
        json.beginObject()
        json.key("instruments")
        json.beginArray()
        for (line, instrument) in zip(lines, instruments) {
            json.beginObject()
            json.member("instrument", instrument.description)
            json.member("venue", instrument.venue)
            json.member("symbol", instrument.symbol)
            json.member("feed", feedName(line.feed))
            json.member("last_price", line.lastPrice)
            json.member("last_size", line.lastSize)
            json.member("bid", line.bid)
            json.member("ask", line.ask)
            json.moment("event_time", ns: line.eventTimeNs)
            json.member("open", line.open)
            json.member("high", line.high)
            json.member("low", line.low)
            json.member("change", line.change)
            json.member("change_percent", line.change / line.open * 100)
            json.member("volume", line.volume)
            json.member("trades", line.trades)
            json.endObject()
        }
        json.endArray()
        json.endObject()
        return json.bytes
    }
}
