import Market
import TestKit
import Testing

@testable import Feeds

@Suite struct ConsumerHeaderTests {
    private func position(_ text: some Collection<UInt8>) -> (log: String, number: StreamNumber)? {
        Array(text).withUnsafeBytes { bytes in
            ConsumerHeader.position(of: bytes).map { (String(decoding: $0.log, as: UTF8.self), $0.number) }
        }
    }

    private func header(_ log: StreamLog, _ number: Int64) -> ConsumerHeader {
        ConsumerHeader(.position(log, StreamNumber(number)), timeNs: 5)
    }

    @Test func `the line keeps log, position, time, key and attributes, and the value stands behind it`() {
        var header = header(StreamLog(stream: "a\"\n", partition: "3"), 17)
        header.key = "k\\"
        header.fields = [("subscription", "s")]
        header.attributes = ["b": "2", "a": "1"]
        let line = String(decoding: header.line, as: UTF8.self)
        #expect(
            line == #"{"consumed":{"stream":"a\"\n","partition":"3","position":"17","time_ns":5,"key":"k\\","#
                + #""subscription":"s","attributes":{"a":"1","b":"2"}}}"# + "\n")
        #expect((header.line + [1]).withUnsafeBytes { ConsumerHeader.bodyStart($0) } == header.line.count)
        let found = position(header.line + Array("value".utf8))
        #expect(found?.log == StreamLog(stream: "a\"\n", partition: "3").name && found?.number == StreamNumber(17))
    }

    @Test func `logs differ by stream, partition and generation`() {
        let logs = [
            StreamLog(stream: "a", partition: "1"), StreamLog(stream: "a", partition: "2"),
            StreamLog(stream: "a1", partition: ""), StreamLog(stream: "a", partition: "1", generation: 1),
        ]
        #expect(Set(logs.map { position(header($0, 1).line)?.log }).count == logs.count)
        #expect(logs.allSatisfy { position(header($0, 1).line)?.log == $0.name })
    }

    @Test func `a message without value is told from an empty one`() {
        var header = header(StreamLog(stream: "a", partition: "0"), 1)
        func lacksValue() -> Bool {
            header.line.withUnsafeBytes { ConsumerHeader.lacksValue($0, bodyStart: header.line.count) }
        }
        #expect(!lacksValue())
        header.key = #","value":null"#
        #expect(!lacksValue())
        header.hasValue = false
        #expect(lacksValue())
    }

    @Test func `messages without order are told apart by their id`() {
        func delivery(_ id: String, _ value: String) -> DeliveryKey? {
            let frame = ConsumerHeader(.message(stream: "s", id: id)).line + Array(value.utf8)
            return frame.withUnsafeBytes { ConsumerHeader.delivery(of: $0) }
        }
        #expect(delivery("1", "a") != nil && delivery("1", "a") == delivery("1", "a"))
        #expect(delivery("1", "a")?.key != delivery("2", "a")?.key)
        #expect(delivery("1", "a")?.content != delivery("1", "b")?.content)
        let numbered = header(StreamLog(stream: "s", partition: "0"), 1).line
        #expect(numbered.withUnsafeBytes { ConsumerHeader.delivery(of: $0) } == nil)
        #expect(position(ConsumerHeader(.message(stream: "s", id: "1")).line) == nil)
    }

    @Test(arguments: [
        "", "{", #"{"consumed":{"#, #"{"consumed":{"stream":"a"}}"#, #"{"consumed":{"stream":"a","partition":"0"}}"#,
        #"{"consumed":{"stream":"a","partition":"0","position":"}}"#,
        #"{"consumed":{"stream":"a","partition":"0","position":""}}"#,
        #"{"consumed":{"stream":"a","partition":"0","position":"1x"}}"#,
        #"{"consumed":{"stream":"a","partition":"0","position":"-1"}}"#,
        #"{"consumed":{"stream":"a","partition":"0","position":1}}"#,
        #"{"consumed":{"stream":"a\","partition":"0","position":"1"}}"#,
        #"{"consumed":{"stream":a,"partition":"0","position":"1"}}"#,
        "{\"consumed\":{\"stream\":\"a\n\",\"partition\":\"0\",\"position\":\"1\"}}",
        #"{"consumed":{"partition":"0","stream":"a","position":"1"}}"#,
        #"{"consumed":{"stream":"a","partition":"0","position":"\#(String(repeating: "1", count: 134))"}}"#,
    ])
    func `what is no whole header has no position`(text: String) {
        #expect(position(text.utf8) == nil)
    }

    @Test(arguments: 0..<100 as Range<UInt64>)
    func `a damaged header is read without fault, or not at all`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var bytes = header(StreamLog(stream: "a\\b", partition: "0", generation: 2), 170).line + Array("{}".utf8)
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
        }
        let cut = Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &random)))
        cut.withUnsafeBytes { bytes in
            let start = ConsumerHeader.bodyStart(bytes)
            if let start { #expect(start <= bytes.count && bytes[start - 1] == UInt8(ascii: "\n")) }
            _ = ConsumerHeader.position(of: bytes)
            _ = ConsumerHeader.delivery(of: bytes)
            if let start { _ = ConsumerHeader.lacksValue(bytes, bodyStart: start) }
        }
    }
}
