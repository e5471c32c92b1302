internal import Foundation
internal import Platform

/// A message of Google Cloud Pub/Sub, as its interface shows it.
///
/// - Source: Pub/Sub REST reference, `PubsubMessage`.
struct PubSubMessage {
    /// Longest id that is taken, in bytes.
    static let idBytesMax = PushWorker.keyBytesMax

    /// Given by Pub/Sub, unique within a topic; the same in every repetition.
    let id: String
    let data: [UInt8]
    /// When Pub/Sub took it, RFC 3339; empty where it is not said.
    let publishTime: String
    /// Messages with the same key come in order; empty where there is none.
    let orderingKey: String
    let attributes: [String: String]

    /// The attribute by which a sink `pubsub` tells its messages apart: one that it sends again, under another id, has the same.
    private static let identity = "tapedeck"

    /// What tells it apart from others, however often it was published.
    var deliveryID: String {
        guard let identity = attributes[Self.identity], !identity.isEmpty, identity.utf8.count <= Self.idBytesMax else {
            return id
        }
        return identity
    }

    /// Why a message cannot be used.
    struct Problem: Error {
        let message: String
    }

    /// The members as they stand in JSON, with the names that older interfaces used too.
    struct Members: Decodable {
        let attributes: [String: String]?
        let data: String?
        let messageId: String?
        let message_id: String?
        let publishTime: String?
        let publish_time: String?
        let orderingKey: String?
    }

    /// - Throws: `Problem` where the id is missing or the data is not base 64.
    init(_ members: Members) throws(Problem) {
        guard let id = members.messageId ?? members.message_id, !id.isEmpty, id.utf8.count <= Self.idBytesMax else {
            throw Problem(message: "no messageId of 1 to \(Self.idBytesMax) bytes")
        }
        guard let data = Data(base64Encoded: members.data ?? "") else {
            throw Problem(message: "data that is not base 64")
        }
        self.id = id
        self.data = [UInt8](data)
        publishTime = members.publishTime ?? members.publish_time ?? ""
        orderingKey = members.orderingKey ?? ""
        attributes = members.attributes ?? [:]
    }

    /// The first line of the frame that keeps a message of a subscription.
    func header(_ subscription: String) -> ConsumerHeader {
        var header = ConsumerHeader(
            .message(stream: subscription, id: deliveryID), timeNs: Timestamp(rfc3339: publishTime)?.nanoseconds)
        header.key = orderingKey
        header.attributes = attributes
        header.hasValue = !data.isEmpty
        return header
    }
}
