internal import Market
internal import Networking
internal import Platform

/// Formats the messages of the live stream, as docs/http-api.md lays them down, one behind the other in reused memory.
struct LiveMessages {
    /// The messages so far.
    private(set) var frames = WebSocketFrames()
    private var json = JSONWriter()

    /// Number of messages.
    var count: Int { frames.messageCount }

    /// Removes all messages and keeps the memory.
    mutating func removeAll() { frames.removeAll() }

    mutating func trade(_ trades: TradeBatch, _ row: Int, instrument: [UInt8]) {
        begin("trade", instrument)
        json.member("event_time_ns", trades.eventTimeNs[row])
        json.member("price", trades.price[row])
        json.member("size", trades.size[row])
        json.member("side", Side(rawValue: trades.side[row])?.name)
        json.key("trade_id")
        let identifier = trades.tradeID[row]
        if identifier == ArrowColumn.missingInt64 { json.null() } else { json.value(identifier) }
        end()
    }

    mutating func quote(_ quotes: QuoteBatch, _ row: Int, instrument: [UInt8]) {
        begin("quote", instrument)
        json.member("event_time_ns", quotes.eventTimeNs[row])
        json.member("bid", quotes.bid[row])
        json.member("ask", quotes.ask[row])
        json.member("bid_size", quotes.bidSize[row])
        json.member("ask_size", quotes.askSize[row])
        end()
    }

    mutating func bar(_ bar: Bar, instrument: [UInt8], interval: String) {
        begin("bar", instrument)
        json.member("interval", interval)
        json.member("price_type", bar.priceType.name)
        bar.writeMembers(to: &json)
        end()
    }

    mutating func indicator(_ values: IndicatorBatch, _ row: Int, instrument: [UInt8], interval: String) {
        begin("indicator", instrument)
        json.member("interval", interval)
        json.member("price_type", PriceType(rawValue: values.priceType[row])?.name)
        json.member("name", values.names.values[Int(values.name[row])])
        json.member("start_ns", values.startNs[row])
        json.member("value", values.value[row])
        end()
    }

    mutating func health(_ status: Status) {
        begin("health", nil)
        json.key("status")
        status.write(to: &json)
        end()
    }

    /// The one message that tells a slow client what it lost.
    static func dropped(_ count: Int64) -> WebSocketFrames {
        single("dropped") { $0.member("count", count) }
    }

    /// The one message that answers a request that is not understood.
    static func error(_ message: String) -> WebSocketFrames {
        single("error") { $0.member("message", message) }
    }

    /// The one message that answers a request.
    static func acknowledgement(_ request: Subscription.Request) -> WebSocketFrames {
        single(request.isSubscribe ? "subscribed" : "unsubscribed") { json in
            json.key("channels")
            json.values(request.channels.map(\.name))
            json.key("instruments")
            json.values(request.instruments)
            json.key("intervals")
            json.values(request.intervals)
        }
    }

    private static func single(_ type: String, _ write: (inout JSONWriter) -> Void) -> WebSocketFrames {
        var messages = LiveMessages()
        messages.begin(type, nil)
        write(&messages.json)
        messages.end()
        return messages.frames
    }

    private mutating func begin(_ type: String, _ instrument: [UInt8]?) {
        json.removeAll()
        json.beginObject()
        json.member("type", type)
        if let instrument {
            json.key("instrument")
            json.value(json: instrument)
        }
    }

    private mutating func end() {
        json.endObject()
        frames.append(json.bytes)
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
