import Networking
import Testing

@Suite struct StreamBenchTests {
    @Test func `the benchmark delivers every message to every client`() throws {
        let result = try StreamBench.fanOut(clients: 10, messages: 200, messageBytes: 100, batch: 7)
        #expect(result.messages == 2000 && result.bytes == 2000 * 102)
        #expect(result.json.hasPrefix(#"{"clients":10,"messages":2000,"bytes":204000,"seconds":"#))
    }
}
