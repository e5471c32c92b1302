import Market
import Testing

@testable import Feeds

@Suite struct PushHeaderTests {
    private func delivery(_ header: PushHeader, _ body: String) -> DeliveryKey? {
        (header.line + Array(body.utf8)).withUnsafeBytes { PushHeader.delivery(of: $0) }
    }

    @Test func `the line keeps key, part and what Pub/Sub says, and the body stands behind it`() {
        var header = PushHeader(key: "a\"\n\\", part: 2, attributes: ["b": "2", "a": "1"])
        header.fields = [("ordering_key", "k")]
        let line = String(decoding: header.line, as: UTF8.self)
        #expect(
            line == #"{"push":{"key":"a\"\n\\","part":2,"ordering_key":"k","attributes":{"a":"1","b":"2"}}}"# + "\n")
        #expect((header.line + [1]).withUnsafeBytes { PushHeader.bodyStart($0) } == header.line.count)
        #expect(Array("{\"push\":{}".utf8).withUnsafeBytes { PushHeader.bodyStart($0) } == nil)
        #expect(Array("{\"other\":{}}\n".utf8).withUnsafeBytes { PushHeader.bodyStart($0) } == nil)
    }

    @Test func `deliveries differ by key and part, and tell other content under the same key`() {
        let first = delivery(PushHeader(key: "k\\\"x"), "body")
        #expect(first != nil && first == delivery(PushHeader(key: "k\\\"x"), "body"))
        #expect(first?.key != delivery(PushHeader(key: "k\\\"y"), "body")?.key)
        #expect(first?.key != delivery(PushHeader(key: "k\\\"x", part: 1), "body")?.key)
        let other = delivery(PushHeader(key: "k\\\"x"), "Body")
        #expect(first?.key == other?.key && first?.content != other?.content)
        #expect(delivery(PushHeader(key: ""), "body") == nil)
        #expect(delivery(PushHeader(key: "1", part: 23), "")?.key != delivery(PushHeader(key: "12", part: 3), "")?.key)
    }
}
