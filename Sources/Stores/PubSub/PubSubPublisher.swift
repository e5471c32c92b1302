internal import Kafka
internal import Networking
internal import Platform

/// Publishes messages to topics: the requests of a key one after the other, those of different keys side by side.
///
/// - Source: Pub/Sub documentation, "Publish messages", "Quotas and limits": 1,000 messages and 10 MB a request; all messages of
///   a request have the same ordering key.
struct PubSubPublisher: Sendable {
    private let service: GoogleService
    private let isOrdered: Bool
    private let requests: Int
    private let meter: UsageMeter

    private static let messagesMax = 1000
    /// Bytes of values in a request, unless one message has more.
    private static let bytesMax = 4 << 20
    private static let keyBytesMax = 1024
    /// Bytes that Pub/Sub bills for a request at least, and for a message beside its value, attribute and key: a time, and
    /// an identity of about so many digits.
    ///
    /// - Source: Pub/Sub pricing, "Message volume calculation".
    private static let billedMin = 1000
    private static let billedBeside = 20 + 17

    /// - Parameter meter: its units are the bytes that Pub/Sub bills.
    init(_ service: GoogleService, isOrdered: Bool, requests: Int, _ meter: UsageMeter) {
        self.meter = meter
        self.service = service
        self.isOrdered = isOrdered
        self.requests = requests
    }

    /// Publishes messages, and returns when the service has all of them.
    func publish(_ messages: OutgoingMessages, _ identity: MessageIdentity, to topic: String) throws(CloudError) {
        let groups = MessageGroups(messages, byKey: isOrdered).places
        // Pieces are what must be in order.
        let pieces =
            isOrdered ? groups.map { Self.cut($0, messages) } : groups.flatMap { Self.cut($0, messages).map { [$0] } }
        // Nobody changes the messages until all pieces are done.
        nonisolated(unsafe) let messages = messages
        try ParallelWork.run("publish", count: pieces.count, threads: requests) { (piece) throws(CloudError) in
            for places in pieces[piece] {
                try post(unsafe body(messages, places, identity), to: topic)
                meter.add(units: unsafe billed(messages, places, identity))
            }
        }
    }

    /// Bytes that a request is billed as.
    private func billed(_ messages: OutgoingMessages, _ places: [Int], _ identity: MessageIdentity) -> Int64 {
        let attribute = identity.prefix.utf8.count + identity.suffix.utf8.count + MessageIdentity.name.utf8.count + 12
        let bytes = places.reduce(0) { sum, place in
            sum + messages.place(place).value.count + messages.place(place).key.count + attribute + Self.billedBeside
        }
        return Int64(max(bytes, Self.billedMin))
    }

    /// Publishes one message of text.
    func publish(_ text: String, to topic: String) throws(CloudError) {
        meter.add(units: Int64(max(text.utf8.count + Self.billedBeside, Self.billedMin)))
        try post(Array("{\"messages\":[{\"data\":\"\(Base64.encode(Array(text.utf8)))\"}]}".utf8), to: topic)
    }

    private func post(_ body: [UInt8], to topic: String) throws(CloudError) {
        _ = try CloudRetry.asking { () throws(CloudError) in
            try service.send(.post, "/v1/\(topic):publish", body, operation: "publish to \(topic)")
        }
    }

    /// Places by the request that they go with.
    private static func cut(_ places: [Int], _ messages: OutgoingMessages) -> [[Int]] {
        var requests: [[Int]] = []
        var bytes = 0
        for place in places {
            let count = messages.place(place).value.count
            if requests.isEmpty || requests[requests.count - 1].count == messagesMax || bytes + count > bytesMax {
                requests.append([])
                bytes = 0
            }
            requests[requests.count - 1].append(place)
            bytes += count
        }
        return requests
    }

    private func body(_ messages: OutgoingMessages, _ places: [Int], _ identity: MessageIdentity) -> [UInt8] {
        let text = Column<UInt8>()
        let key = isOrdered ? places.first.map { messages.key($0, bytesMax: Self.keyBytesMax) } ?? "" : ""
        let end = key.isEmpty ? "\"}}" : "\"},\"orderingKey\":\(JSONText.quoted(key))}"
        let name = JSONText.quoted(MessageIdentity.name)
        text.append(utf8: "{\"messages\":[")
        for place in places {
            let message = messages.place(place)
            text.append(utf8: place == places[0] ? "{\"data\":\"" : ",{\"data\":\"")
            unsafe text.append(
                base64: UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(messages.values.buffer)[message.value]))
            text.append(utf8: "\",\"attributes\":{\(name):\"")
            identity.append(offset: message.offset, index: message.index, to: text)
            text.append(utf8: end)
        }
        text.append(utf8: "]}")
        return unsafe Array(text.buffer)
    }
}
