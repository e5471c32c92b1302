import Foundation
import Market
import Platform
import Synchronization
import TestKit
import Testing

@testable import Serving

/// What a client asked for, kept in the plainest way.
private struct PlainSubscription {
    var all: Set<String> = []
    var names: [String: Set<String>] = [:]

    mutating func apply(subscribe: Bool, channel: String, instruments: [String]) {
        if instruments == ["*"] {
            if subscribe {
                all.insert(channel)
            } else {
                all.remove(channel)
                names[channel] = []
            }
        } else if subscribe {
            names[channel, default: []].formUnion(instruments)
        } else {
            names[channel, default: []].subtract(instruments)
        }
    }

    func wants(_ channel: String, _ instrument: String) -> Bool {
        all.contains(channel) || names[channel, default: []].contains(instrument)
    }
}

@Suite struct LiveStreamPropertyTests {
    private static let symbols = (0..<12).map { "S\($0)" }

    @Test(arguments: 0..<100 as Range<UInt64>)
    func `each client gets what a plain model of subscriptions says, in order, and nothing else`(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let stream = LiveStream()
        let instruments = InstrumentTable()
        var clients: [Int: (client: FakeClient, model: PlainSubscription, expected: [String])] = [:]
        var moment: Int64 = 0
        var everyName: Set<String> = []
        for _ in 0..<120 {
            switch Int.random(in: 0..<10, using: &random) {
            case 0:
                let client = FakeClient(room: .max)
                clients[stream.open(client)] = (client, PlainSubscription(), [])
            case 1:
                guard let number = clients.keys.sorted().randomElement(using: &random) else { continue }
                Self.check(clients.removeValue(forKey: number)!)
                stream.close(number)
            case 2...5:
                guard let number = clients.keys.sorted().randomElement(using: &random) else { continue }
                let subscribe = Int.random(in: 0..<3, using: &random) > 0
                let channel = Bool.random(using: &random) ? "trades" : "quotes"
                let some = (0..<Int.random(in: 0...4, using: &random)).map { _ in
                    "V:" + Self.symbols.randomElement(using: &random)!
                }
                let named = Int.random(in: 0..<5, using: &random) == 0 ? ["*"] : some
                let list = named.map { "\"\($0)\"" }.joined(separator: ",")
                let text =
                    "{\"op\":\"\(subscribe ? "" : "un")subscribe\",\"channels\":[\"\(channel)\"],\"instruments\":[\(list)]}"
                stream.receive(Array(text.utf8), from: number)
                clients[number]!.model.apply(subscribe: subscribe, channel: channel, instruments: named)
            default:
                let channel = Bool.random(using: &random) ? "trades" : "quotes"
                let trades = TradeBatch()
                let quotes = QuoteBatch()
                for _ in 0..<Int.random(in: 0...8, using: &random) {
                    let symbol = Self.symbols.randomElement(using: &random)!
                    let instrument = instruments.intern(Instrument(venue: "V", symbol: symbol))
                    everyName.insert(symbol)
                    moment += 1
                    if channel == "trades" {
                        trades.append(
                            instrument: instrument, eventTimeNs: moment, ingestTimeNs: 0, price: 1, size: 1,
                            journalOffset: 0, frameIndex: 0)
                    } else {
                        quotes.append(
                            instrument: instrument, eventTimeNs: moment, ingestTimeNs: 0, bid: 1, ask: 2,
                            journalOffset: 0, frameIndex: 0)
                    }
                    for number in clients.keys where clients[number]!.model.wants(channel, "V:\(symbol)") {
                        clients[number]!.expected.append("\(channel.dropLast()) V:\(symbol) \(moment)")
                    }
                }
                stream.publish(trades, rows: 0..<trades.count, instruments: instruments)
                stream.publish(quotes, rows: Array(0..<quotes.count), instruments: instruments)
            }
        }
        for (number, entry) in clients {
            Self.check(entry)
            stream.close(number)
        }
        #expect(stream.nameCount <= everyName.count)
        #expect(stream.clientCount == 0)
    }

    private static func check(_ entry: (client: FakeClient, model: PlainSubscription, expected: [String])) {
        #expect(entry.client.messages.compactMap(event) == entry.expected)
    }

    /// "trade V:S1 17"; nil for an answer.
    private static func event(_ message: String) -> String? {
        struct Event: Decodable {
            let type: String
            let instrument: String?
            let event_time_ns: Int64?
        }
        guard let event = try? JSONDecoder().decode(Event.self, from: Data(message.utf8)),
            let instrument = event.instrument, let moment = event.event_time_ns
        else { return nil }
        return "\(event.type) \(instrument) \(moment)"
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func `a client that is slow at times gets each instrument in order, its newest at last, and the true count`(
        _ seed: UInt64
    ) {
        var random = SeededGenerator(seed: seed)
        let stream = LiveStream()
        let instruments = InstrumentTable()
        let client = FakeClient(room: 1)
        let number = stream.open(client)
        stream.receive(Array(#"{"op":"subscribe","channels":["trades"]}"#.utf8), from: number)
        var newest: [String: Int64] = [:]
        var published = 0
        func publish(_ count: Int) {
            let trades = TradeBatch()
            for _ in 0..<count {
                let symbol = Self.symbols.randomElement(using: &random)!
                published += 1
                newest["V:" + symbol] = Int64(published)
                trades.append(
                    instrument: instruments.intern(Instrument(venue: "V", symbol: symbol)),
                    eventTimeNs: Int64(published), ingestTimeNs: 0, price: 1, size: 1, journalOffset: 0, frameIndex: 0)
            }
            stream.publish(trades, rows: 0..<trades.count, instruments: instruments)
        }
        for _ in 0..<200 {
            client.makeRoom(Int.random(in: 0...6, using: &random))
            publish(Int.random(in: 1...6, using: &random))
        }
        client.makeRoom(.max)
        publish(1)
        var last: [String: Int64] = [:]
        var dropped = 0
        for message in client.messages.dropFirst() {
            if message.hasPrefix(#"{"type":"dropped","count":"#) {
                dropped += Int(message.dropFirst(26).dropLast()) ?? 0
            } else if let parts = Self.event(message)?.split(separator: " ") {
                let moment = Int64(parts[2])!
                #expect(last[String(parts[1]), default: 0] < moment)
                last[String(parts[1])] = moment
            }
        }
        #expect(last == newest)
        let events = client.messages.filter { $0.hasPrefix(#"{"type":"trade""#) }.count
        #expect(events + dropped == published)
        #expect(dropped > 0)
    }

    @Test func `clients that come, ask and go during publications get nothing behind their end`() {
        let stream = LiveStream()
        let instruments = InstrumentTable()
        let trades = TradeBatch()
        for index in 0..<100 {
            trades.append(
                instrument: instruments.intern(Instrument(venue: "V", symbol: "S\(index % 50)")), eventTimeNs: 1,
                ingestTimeNs: 0, price: 1, size: 1, journalOffset: 0, frameIndex: 0)
        }
        let names = (0..<300).map { "\"V:S\($0)\"" }.joined(separator: ",")
        let gone = Mutex<[FakeClient]>([])
        let running = Atomic(3)
        let threads = (0..<3).map { thread in
            NamedThread("clients-\(thread)") {
                for round in 0..<60 {
                    let client = FakeClient(room: round % 2 == 0 ? 20 : .max)
                    let number = stream.open(client)
                    let filter = round % 3 == 0 ? "" : ",\"instruments\":[\(names)]"
                    stream.receive(
                        Array("{\"op\":\"subscribe\",\"channels\":[\"trades\"]\(filter)}".utf8), from: number)
                    while client.messages.count < 2 { Pause.wait(ns: 10_000) }
                    stream.close(number)
                    client.close()
                    gone.withLock { $0.append(client) }
                }
                running.subtract(1, ordering: .releasing)
            }
        }
        while running.load(ordering: .acquiring) > 0 {
            stream.publish(trades, rows: 0..<trades.count, instruments: instruments)
        }
        for thread in threads { thread.join() }
        let clients = gone.withLock { $0 }
        #expect(clients.count == 180 && clients.allSatisfy { $0.offersBehindClose == 0 })
        #expect(stream.nameCount == 50)
    }
}
