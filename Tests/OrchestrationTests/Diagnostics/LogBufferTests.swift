import Feeds
import Platform
import Testing

@testable import Orchestration

@Suite struct LogBufferTests {
    private func record(_ message: String, at timeNs: Int64 = 1, _ fields: [(String, String)] = []) -> LogRecord {
        LogRecord(
            timeNs: timeNs, level: .warning, message: message,
            fields: fields.map { LogRecord.Field(name: $0, text: $1, json: "\"\($1)\"") })
    }

    @Test func `what is said again is counted until the next snapshot`() {
        let buffer = LogBuffer(dropped: Counter())
        buffer.add(record("a", at: 1))
        #expect(buffer.take(repeats: false).map(\.count) == [1])
        for time in 2...4 { buffer.add(record("a", at: Int64(time))) }
        buffer.add(record("b", at: 5))
        let second = buffer.take(repeats: false)
        #expect(second.map(\.message) == ["b"])
        let atSnapshot = buffer.take(repeats: true)
        #expect(atSnapshot.map(\.message) == ["a"] && atSnapshot.map(\.count) == [3] && atSnapshot[0].timeNs == 4)
        #expect(buffer.take(repeats: true).isEmpty)
        buffer.add(record("a", at: 9))
        #expect(buffer.take(repeats: false).map(\.timeNs) == [9])
    }

    @Test func `messages that differ in a field differ, and say what they are about`() {
        let buffer = LogBuffer(dropped: Counter())
        buffer.add(record("lost", [("reason", "x"), ("feed", "f")]))
        buffer.add(record("lost", [("reason", "y"), ("feed", "f")]))
        buffer.add(record("end"))
        let messages = buffer.take(repeats: true)
        #expect(messages.map(\.fields) == [#"{"reason":"x","feed":"f"}"#, #"{"reason":"y","feed":"f"}"#, "{}"])
        #expect(messages.map(\.component) == ["feed", "feed", "process"] && messages.map(\.name) == ["f", "f", ""])
    }

    @Test func `more messages than it holds are left out and counted`() {
        let dropped = Counter()
        let buffer = LogBuffer(dropped: dropped)
        for number in 0..<LogBuffer.capacity + 25 { buffer.add(record("m\(number)")) }
        buffer.add(record("m0"))
        #expect(dropped.value == 25)
        #expect(buffer.take(repeats: false).count == LogBuffer.capacity)
        buffer.add(record("one more"))
        #expect(dropped.value == 26, "they count until the snapshot")
        #expect(buffer.take(repeats: true).map(\.message) == ["m0"])
        buffer.add(record("one more"))
        #expect(dropped.value == 26)
    }

    @Test func `long texts are cut, and stay JSON`() throws {
        let buffer = LogBuffer(dropped: Counter())
        buffer.add(record(String(repeating: "x", count: 9000), [("reason", String(repeating: "ä", count: 9000))]))
        let message = try #require(buffer.take(repeats: false).first)
        #expect(message.message.count == LogBuffer.textMax)
        #expect(message.fields == "{\"reason\":\"\(String(repeating: "ä", count: LogBuffer.textMax))\"}")
    }
}
