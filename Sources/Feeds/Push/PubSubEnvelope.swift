internal import Foundation

/// A message as Google Cloud Pub/Sub pushes it.
///
/// - Source: Pub/Sub documentation, "Push subscriptions", "Receive push messages"; PubsubMessage in its REST reference.
struct PubSubEnvelope {
    let message: PubSubMessage
    /// Its full name; empty where it is not said.
    let subscription: String

    /// Why an envelope cannot be used.
    struct Problem: Error {
        let message: String
    }

    private struct Outer: Decodable {
        let message: PubSubMessage.Members
        let subscription: String?
    }

    /// - Throws: `Problem` where the text is no such envelope.
    init(json: [UInt8]) throws(Problem) {
        guard let outer = try? JSONDecoder().decode(Outer.self, from: Data(json)) else {
            throw Problem(
                message:
                    "the body is not a Pub/Sub envelope, {\"message\":{\"messageId\":…,\"data\":…},\"subscription\":…}")
        }
        do throws(PubSubMessage.Problem) { message = try PubSubMessage(outer.message) } catch {
            throw Problem(message: "the envelope has \(error.message)")
        }
        subscription = outer.subscription ?? ""
    }

    /// The first line of the frame that keeps it.
    var header: PushHeader {
        var header = PushHeader(key: message.deliveryID, attributes: message.attributes)
        header.fields = [
            ("publish_time", message.publishTime), ("ordering_key", message.orderingKey),
            ("subscription", subscription),
        ].filter { !$0.1.isEmpty }
        return header
    }
}
