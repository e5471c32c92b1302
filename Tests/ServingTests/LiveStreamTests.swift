import Foundation
import Market
import Testing

@testable import Serving

@Suite struct LiveStreamTests {
    private let instruments = InstrumentTable()
    private let stream = LiveStream()

    private func trades(_ prices: [(symbol: String, price: Double)]) -> TradeBatch {
        let batch = TradeBatch()
        for (index, trade) in prices.enumerated() {
            batch.append(
                instrument: instruments.intern(Instrument(venue: "V", symbol: trade.symbol)),
                eventTimeNs: Int64(index), ingestTimeNs: 0, price: trade.price, size: 1, side: .buy,
                journalOffset: Int64(index), frameIndex: 0)
        }
        return batch
    }

    private func publish(_ prices: [(symbol: String, price: Double)]) {
        let batch = trades(prices)
        stream.publish(batch, rows: 0..<batch.count, instruments: instruments)
    }

    private func subscribe(_ client: FakeClient, _ request: String) -> Int {
        let number = stream.open(client)
        stream.receive(Array(request.utf8), from: number)
        return number
    }

    @Test func `a client gets the trades of its instruments and no others, in order`() {
        let client = FakeClient(room: 100)
        _ = subscribe(client, #"{"op":"subscribe","channels":["trades"],"instruments":["V:A"]}"#)
        publish([("A", 1), ("B", 2), ("A", 3)])
        #expect(client.messages.count == 3)
        #expect(client.messages[0].contains(#""type":"subscribed""#))
        #expect(client.messages[1].contains(#""instrument":"V:A""#) && client.messages[1].contains(#""price":1"#))
        #expect(client.messages[2].contains(#""price":3"#))
    }

    @Test func `a slow client loses trades in between, is told how many, and gets the newest of each instrument`() {
        let client = FakeClient(room: 1)
        _ = subscribe(client, #"{"op":"subscribe","channels":["trades"]}"#)
        publish([("A", 1), ("A", 2), ("B", 7)])
        publish([("A", 3)])
        #expect(client.messages.count == 1)
        client.makeRoom(10)
        publish([("B", 8)])
        let late = client.messages.dropFirst()
        #expect(late.first?.contains(#"{"type":"dropped","count":3}"#) == true)
        #expect(Set(late.dropFirst().compactMap(Self.price)) == [3, 8])
        publish([("A", 4)])
        #expect(client.messages.last.flatMap(Self.price) == 4)
    }

    private static func price(_ message: String) -> Double? {
        struct Trade: Decodable { let price: Double? }
        return (try? JSONDecoder().decode(Trade.self, from: Data(message.utf8)))?.price
    }

    @Test func `what one call publishes reaches a client together, and a part of it where there is room for a part`() {
        let client = FakeClient(room: 100)
        let small = FakeClient(room: 3)
        _ = subscribe(client, #"{"op":"subscribe","channels":["trades"],"instruments":["V:A","V:B"]}"#)
        _ = subscribe(small, #"{"op":"subscribe","channels":["trades"]}"#)
        publish([("A", 1), ("B", 2), ("C", 3), ("A", 4)])
        #expect(client.offers == [1, 3])
        #expect(client.flushes == 2)
        #expect(small.messages.compactMap(Self.price) == [1, 2])
        small.makeRoom(10)
        publish([("D", 5)])
        #expect(small.messages.compactMap(Self.price) == [1, 2, 3, 4, 5])
        #expect(!small.messages.contains { $0.contains("dropped") })
    }

    @Test func `a subscription to all and one by name give each message once`() {
        let client = FakeClient(room: 100)
        let number = subscribe(client, #"{"op":"subscribe","channels":["trades"],"instruments":["V:A"]}"#)
        stream.receive(Array(#"{"op":"subscribe","channels":["trades"]}"#.utf8), from: number)
        stream.receive(Array(#"{"op":"unsubscribe","channels":["trades"],"instruments":["V:A"]}"#.utf8), from: number)
        publish([("A", 1), ("B", 2)])
        #expect(client.messages.compactMap(Self.price) == [1, 2])
        stream.receive(Array(#"{"op":"unsubscribe","channels":["trades"]}"#.utf8), from: number)
        publish([("A", 3)])
        #expect(client.messages.compactMap(Self.price) == [1, 2])
    }

    @Test func `bars and indicators come in the intervals asked for, the newest of each where a client is slow`() {
        let client = FakeClient(room: 1)
        let all = FakeClient(room: 100)
        _ = subscribe(client, #"{"op":"subscribe","channels":["bars","indicators"],"intervals":["1m"]}"#)
        _ = subscribe(all, #"{"op":"subscribe","channels":["bars"],"instruments":["V:A"]}"#)
        let instrument = instruments.intern(Instrument(venue: "V", symbol: "A"))
        let intervals = StringDictionary(values: ["1s", "1m"])
        let bars = BarBatch(intervals: intervals)
        for (interval, start, close) in [(0, 0, 1.0), (1, 0, 2), (1, 0, 3), (1, 60, 4)] {
            bars.append(
                Bar(
                    instrument: instrument, priceType: .trade, interval: UInt8(interval), startNs: Int64(start),
                    open: 1,
                    high: 9, low: 1, close: close, volume: 1, vwap: 1, trades: 1, isFinal: false, revision: 0,
                    journalOffset: 0))
        }
        stream.publish(bars, from: 0, instruments: instruments)
        let values = IndicatorBatch(intervals: intervals, names: StringDictionary(values: ["sma(2)"]))
        for priceType in [PriceType.bid, .ask] {
            values.append(
                instrument: instrument, priceType: priceType, interval: 1, startNs: 0, name: 0, value: 7,
                journalOffset: 0)
        }
        stream.publish(values, from: 0, instruments: instruments)
        #expect(all.messages.dropFirst().count == 4)
        client.makeRoom(100)
        publish([("A", 1)])
        let late = client.messages.dropFirst()
        #expect(late.first == #"{"type":"dropped","count":1}"#)
        let parts = [#""close":3"#, #""close":4"#, #""price_type":"bid""#, #""price_type":"ask""#]
        #expect(late.count == 5)
        for (message, part) in zip(late.dropFirst(), parts) { #expect(message.contains(part)) }
    }

    @Test func `a name that nobody wants any more and no instrument has is forgotten`() {
        let client = FakeClient(room: 100)
        publish([("A", 1)])
        let names = (0..<1000).map { "\"V:X\($0)\"" }.joined(separator: ",")
        let number = subscribe(
            client, "{\"op\":\"subscribe\",\"channels\":[\"trades\",\"bars\"],\"instruments\":[\(names),\"V:A\"]}")
        publish([("A", 2)])
        #expect(client.messages.compactMap(Self.price) == [2])
        #expect(stream.nameCount == 1001)
        stream.receive(
            Array(#"{"op":"unsubscribe","channels":["trades"],"instruments":["V:X1","V:X2"]}"#.utf8), from: number)
        #expect(stream.nameCount == 1001)
        stream.close(number)
        #expect(stream.nameCount == 1)
        publish([("A", 3)])
        #expect(client.messages.compactMap(Self.price) == [2])
    }

    @Test func `what was unsubscribed is not sent any more, and a closed client is forgotten`() {
        let client = FakeClient(room: 100)
        let number = subscribe(client, #"{"op":"subscribe","channels":["trades"]}"#)
        stream.receive(Array(#"{"op":"unsubscribe","channels":["trades"]}"#.utf8), from: number)
        publish([("A", 1)])
        #expect(client.messages.count == 2)
        #expect(stream.clientCount == 1)
        stream.close(number)
        stream.close(number)
        #expect(stream.clientCount == 0)
    }

    @Test(arguments: [
        (#"nonsense"#, "JSON object"), (#"{"op":"jump","channels":["trades"]}"#, "`subscribe`"),
        (#"{"op":"subscribe"}"#, "`channels`"), (#"{"op":"subscribe","channels":["fish"]}"#, "`fish`"),
        (#"{"op":"subscribe","channels":["trades"],"instruments":5}"#, "`instruments`"),
    ])
    func `a message that is not understood is answered with what is wrong`(text: String, part: String) {
        let client = FakeClient(room: 10)
        _ = subscribe(client, text)
        #expect(client.messages.count == 1)
        #expect(client.messages[0].contains(#""type":"error""#) && client.messages[0].contains(part))
    }
}
