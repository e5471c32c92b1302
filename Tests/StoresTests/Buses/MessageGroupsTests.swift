import Kafka
import Platform
import TestKit
import Testing

@testable import Stores

@Suite struct MessageGroupsTests {
    private func messages(_ keys: [String]) -> OutgoingMessages {
        let messages = OutgoingMessages()
        for (place, key) in keys.enumerated() {
            let (value, start) = (messages.values.count, messages.keys.count)
            messages.values.append(utf8: "{}")
            messages.keys.append(utf8: key)
            messages.append(valueFrom: value, keyFrom: start, offset: Int64(place), index: 0)
        }
        return messages
    }

    @Test func `messages of a key stay together and in order`() {
        var random = SeededGenerator(seed: 3)
        let keys = (0..<5000).map { _ in "K\(Int.random(in: 0..<300, using: &random))" }
        let groups = MessageGroups(messages(keys)).places
        #expect(groups.flatMap { $0 }.sorted() == Array(0..<5000))
        for places in groups {
            #expect(places == places.sorted())
            #expect(Set(places.map { keys[$0] }).count == 1)
        }
        #expect(groups.count == Set(keys).count)
        #expect(MessageGroups(messages(keys), byKey: false).places == [Array(0..<5000)])
    }

    @Test func `a key that is too long is cut between characters`() {
        let messages = messages([String(repeating: "é", count: 10), "short", ""])
        #expect(messages.key(0, bytesMax: 20) == String(repeating: "é", count: 10))
        #expect(messages.key(0, bytesMax: 7) == "ééé")
        #expect(messages.key(1, bytesMax: 7) == "short" && messages.key(2, bytesMax: 7).isEmpty)
    }
}
