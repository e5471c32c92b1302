internal import Market
internal import Platform

/// The messages of the live stream, as docs/http-api.md lays them down.
struct LiveMessages {
    private var json = JSONWriter()

    mutating func trade(_ trades: TradeBatch, _ row: Int, instrument: String) -> [UInt8] {
        begin("trade", instrument)
        json.member("event_time_ns", trades.eventTimeNs[row])
        json.member("price", trades.price[row])
        json.member("size", trades.size[row])
        json.member("side", Side(rawValue: trades.side[row])?.name)
        json.key("trade_id")
        let identifier = trades.tradeID[row]
        if identifier == ArrowColumn.missingInt64 { json.null() } else { json.value(identifier) }
        return end()
    }

    mutating func quote(_ quotes: QuoteBatch, _ row: Int, instrument: String) -> [UInt8] {
        begin("quote", instrument)
        json.member("event_time_ns", quotes.eventTimeNs[row])
        json.member("bid", quotes.bid[row])
        json.member("ask", quotes.ask[row])
        json.member("bid_size", quotes.bidSize[row])
        json.member("ask_size", quotes.askSize[row])
        return end()
    }

    mutating func bar(_ bar: Bar, instrument: String, interval: String) -> [UInt8] {
        begin("bar", instrument)
        json.member("interval", interval)
        json.member("price_type", bar.priceType.name)
        bar.writeMembers(to: &json)
        return end()
    }

    mutating func indicator(_ values: IndicatorBatch, _ row: Int, instrument: String, interval: String) -> [UInt8] {
        begin("indicator", instrument)
        json.member("interval", interval)
        json.member("price_type", PriceType(rawValue: values.priceType[row])?.name)
        json.member("name", values.names.values[Int(values.name[row])])
        json.member("start_ns", values.startNs[row])
        json.member("value", values.value[row])
        return end()
    }

    mutating func health(_ status: Status) -> [UInt8] {
        begin("health", nil)
        json.key("status")
        status.write(to: &json)
        return end()
    }

    mutating func dropped(_ count: Int64) -> [UInt8] {
        begin("dropped", nil)
        json.member("count", count)
        return end()
    }

    mutating func error(_ message: String) -> [UInt8] {
        begin("error", nil)
        json.member("message", message)
        return end()
    }

    mutating func acknowledgement(_ request: Subscription.Request) -> [UInt8] {
        begin(request.isSubscribe ? "subscribed" : "unsubscribed", nil)
        json.key("channels")
        json.values(request.channels.map(\.rawValue))
        json.key("instruments")
        json.values(request.instruments)
        json.key("intervals")
        json.values(request.intervals)
        return end()
    }

    private mutating func begin(_ type: String, _ instrument: String?) {
        json.removeAll()
        json.beginObject()
        json.member("type", type)
        if let instrument { json.member("instrument", instrument) }
    }

    private mutating func end() -> [UInt8] {
        json.endObject()
        return json.bytes
    }
}

extension Bar {
    /// Writes start, prices, volume and state as members of the open object.
    func writeMembers(to json: inout JSONWriter) {
        json.member("start_ns", startNs)
        json.member("open", open)
        json.member("high", high)
        json.member("low", low)
        json.member("close", close)
        json.member("volume", volume)
        json.member("vwap", vwap)
        json.member("trades", trades)
        json.key("final")
        json.value(isFinal)
        json.member("revision", Int64(revision))
    }
}
