internal import Networking
internal import Platform

/// Pulls from one subscription and says what became of the messages.
///
/// - Source: Pub/Sub REST reference, `projects.subscriptions.pull`, `.acknowledge`, `.modifyAckDeadline`.
/// - Threading: any thread.
final class PubSubPull: Sendable {
    /// A message and what it is acknowledged by.
    struct Received {
        let ackID: String
        let message: PubSubMessage
    }
    /// What a pull brought.
    struct Answer {
        var received: [Received] = []
        /// Why messages could not be used; they are left to the service.
        var problems: [String] = []
    }

    /// Most acknowledgements in one request: with ids of a few hundred bytes far below the limit of 512 KiB.
    static let batch = 1000

    private let pulls: GoogleService
    private let controls: GoogleService
    private let subscription: String

    /// - Parameters:
    ///   - pulls: waits as long as a pull without messages takes.
    ///   - controls: for short requests.
    ///   - subscription: `projects/PROJECT/subscriptions/NAME`.
    init(pulls: GoogleService, controls: GoogleService, subscription: String) {
        self.pulls = pulls
        self.controls = controls
        self.subscription = subscription
    }

    /// Waits for messages; gives none where none came in the time that the service takes.
    func pull(max: Int, isCancelled: () -> Bool) throws(CloudError) -> Answer {
        let operation = "pull from \(subscription)"
        let body = try pulls.post(
            "/v1/\(subscription):pull", "{\"maxMessages\":\(max)}", operation: operation, isCancelled: isCancelled)
        return try Self.answer(body, operation: operation)
    }

    /// Says that messages need not come again.
    func acknowledge(_ ackIDs: ArraySlice<String>) throws(CloudError) {
        _ = try controls.post(
            "/v1/\(subscription):acknowledge", "{\"ackIds\":\(Self.list(ackIDs))}",
            operation: "acknowledge to \(subscription)")
    }

    /// Says that messages shall not come again before `seconds` are over; 0 lets them come at once.
    func extend(_ ackIDs: ArraySlice<String>, seconds: Int) throws(CloudError) {
        _ = try controls.post(
            "/v1/\(subscription):modifyAckDeadline",
            "{\"ackIds\":\(Self.list(ackIDs)),\"ackDeadlineSeconds\":\(seconds)}",
            operation: "extend deadlines of \(subscription)")
    }

    private static func list(_ texts: ArraySlice<String>) -> String {
        "[\(texts.map { JSONText.quoted($0) }.joined(separator: ","))]"
    }

    static func answer(_ body: [UInt8], operation: String) throws(CloudError) -> Answer {
        guard let items = PubSubItem.all(in: body) else {
            throw CloudError(.malformed, "the answer is no list of messages", operation: operation)
        }
        var answer = Answer()
        answer.received.reserveCapacity(items.count)
        for item in items {
            guard let ackID = item.ackId, !ackID.isEmpty, let members = item.message else {
                answer.problems.append("a message without ackId")
                continue
            }
            do throws(PubSubMessage.Problem) {
                answer.received.append(Received(ackID: ackID, message: try PubSubMessage(members)))
            } catch {
                answer.problems.append("a message with \(error.message)")
            }
        }
        return answer
    }
}
