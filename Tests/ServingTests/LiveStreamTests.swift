import Foundation
import Market
import Synchronization
import Testing

@testable import Networking
@testable import Serving

/// A client that takes so many messages and then no more.
private final class FakeClient: LiveClient {
    private let state: Mutex<(room: Int, messages: [String])>

    init(room: Int) { state = Mutex((room, [])) }

    func offer(_ message: WebSocketFrames) -> Bool {
        state.withLock { state in
            guard state.room > 0 else { return false }
            state.room -= 1
            let text = String(decoding: message.bytes, as: UTF8.self)
            state.messages.append(String(text[(text.firstIndex(of: "{") ?? text.endIndex)...]))
            return true
        }
    }

    var messages: [String] { state.withLock { $0.messages } }
    func makeRoom(_ room: Int) { state.withLock { $0.room = room } }
}

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
        stream.publish(batch, rows: Array(0..<batch.count), instruments: instruments)
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
