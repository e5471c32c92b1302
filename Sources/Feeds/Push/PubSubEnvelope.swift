internal import Foundation

/// A message as Google Cloud Pub/Sub pushes it.
///
/// - Source: Pub/Sub documentation, "Push subscriptions", "Receive push messages"; PubsubMessage in its REST reference.
struct PubSubEnvelope {
    /// Given by Pub/Sub, unique within a topic; the same in every repetition.
    let messageID: String
    let data: [UInt8]
    /// When Pub/Sub took it, RFC 3339; empty where it is not said.
    let publishTime: String
    /// Messages with the same key come in order; empty where there is none.
    let orderingKey: String
    let attributes: [String: String]
    /// Its full name; empty where it is not said.
    let subscription: String

    /// Why an envelope cannot be used.
    struct Problem: Error {
        let message: String
    }

    private struct Outer: Decodable {
        let message: Message
        let subscription: String?
    }
    private struct Message: Decodable {
        let attributes: [String: String]?
        let data: String?
        let messageId: String?
        let message_id: String?
        let publishTime: String?
        let publish_time: String?
        let orderingKey: String?
    }

    /// - Throws: `Problem` where the text is no such envelope.
    init(json: [UInt8]) throws(Problem) {
        guard let outer = try? JSONDecoder().decode(Outer.self, from: Data(json)) else {
            throw Problem(
                message:
                    "the body is not a Pub/Sub envelope, {\"message\":{\"messageId\":…,\"data\":…},\"subscription\":…}")
        }
        let message = outer.message
        guard let identifier = message.messageId ?? message.message_id, !identifier.isEmpty,
            identifier.utf8.count <= PushWorker.keyBytesMax
        else {
            throw Problem(message: "the envelope has no messageId of 1 to \(PushWorker.keyBytesMax) bytes")
        }
        guard let data = Data(base64Encoded: message.data ?? "") else {
            throw Problem(message: "the envelope's data is not base 64")
        }
        messageID = identifier
        self.data = [UInt8](data)
        publishTime = message.publishTime ?? message.publish_time ?? ""
        orderingKey = message.orderingKey ?? ""
        attributes = message.attributes ?? [:]
        subscription = outer.subscription ?? ""
    }

    /// The first line of the frame that keeps it.
    var header: PushHeader {
        var header = PushHeader(key: messageID, attributes: attributes)
        header.fields = [
            ("publish_time", publishTime), ("ordering_key", orderingKey), ("subscription", subscription),
        ].filter { !$0.1.isEmpty }
        return header
    }
}
