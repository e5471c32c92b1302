internal import CDecode
internal import Foundation

/// A message in the answer to a pull, as it stands there.
struct PubSubItem: Decodable {
    let ackId: String?
    let message: PubSubMessage.Members?

    private struct Answer: Decodable {
        let receivedMessages: [PubSubItem]?
    }
    private static let group = AnswerGroup(
        path: "receivedMessages",
        columns: [
            "ackId", "message.messageId", "message.message_id", "message.data", "message.publishTime",
            "message.publish_time", "message.orderingKey",
        ])
    private static let attributes: StaticString = "\"attributes\""

    /// The messages of an answer; nil where it is none.
    static func all(in body: [UInt8]) -> [PubSubItem]? {
        guard let table = try? JSONAnswerTable([group]) else { return nil }
        let items: [PubSubItem]? = PaddedBytes.with(body) { bytes in
            guard unsafe table.read(bytes) == nil else { return nil }
            let hasAttributes = unsafe Self.hasAttributes(bytes)
            return (0..<table.rows(0)).compactMap { PubSubItem(table, row: $0, hasAttributes: hasAttributes) }
        }
        guard let items, !items.isEmpty, items.count == table.rows(0) else {
            // Nothing in it, or nothing that fits: rare enough for a reader that tells these apart.
            return (try? JSONDecoder().decode(Answer.self, from: Data(body))).map { $0.receivedMessages ?? [] }
        }
        return items
    }

    private static func hasAttributes(_ text: UnsafeRawBufferPointer) -> Bool {
        unsafe td_contains(text.baseAddress, text.count, attributes.utf8Start, attributes.utf8CodeUnitCount)
    }

    /// - Returns: nil where the row is not an object with both ids.
    private init?(_ table: JSONAnswerTable, row: Int, hasAttributes: Bool) {
        // Attributes have names of their own, which no path can say.
        if hasAttributes {
            let text = table.rowText(0, row: row)
            if unsafe text.withUnsafeBytes({ unsafe Self.hasAttributes($0) }) {
                guard let item = try? JSONDecoder().decode(PubSubItem.self, from: Data(text)) else { return nil }
                self = item
                return
            }
        }
        func member(_ column: Int) -> String? { table.cell(0, column, row: row).text }
        guard let ackId = member(0), member(1) != nil || member(2) != nil else { return nil }
        self.ackId = ackId
        message = PubSubMessage.Members(
            attributes: nil, data: member(3), messageId: member(1), message_id: member(2), publishTime: member(4),
            publish_time: member(5), orderingKey: member(6))
    }
}
