internal import Foundation
internal import Networking

/// Sees to it that topics are there and can be published to.
struct PubSubTopics {
    private let service: GoogleService
    private static let permission = "pubsub.topics.publish"

    /// Google's words for a name that is taken, and for somebody who has not signed in, in both of its ways to tell errors.
    private static let isThere = ["ALREADY_EXISTS", "alreadyExists", "duplicate"]
    private static let isUnknown = ["UNAUTHENTICATED", "authError", "required"]

    init(_ service: GoogleService) { self.service = service }

    /// Makes a topic unless it is there.
    ///
    /// - Parameter topic: `projects/PROJECT/topics/NAME`.
    /// - Throws: `denied` where it can neither be made nor published to.
    func prepare(_ topic: String) throws(CloudError) {
        do {
            _ = try service.send(.put, "/v1/\(topic)", Array("{}".utf8), operation: "create \(topic)")
        } catch {
            if Self.isThere.contains(error.name) { return }
            // Who may publish need not be allowed to make topics.
            if error.kind == .denied, !Self.isUnknown.contains(error.name), try canPublish(topic) { return }
            throw error
        }
    }

    private struct Permissions: Decodable {
        let permissions: [String]?
    }

    private func canPublish(_ topic: String) throws(CloudError) -> Bool {
        let answer = try service.post(
            "/v1/\(topic):testIamPermissions", "{\"permissions\":[\"\(Self.permission)\"]}",
            operation: "look at \(topic)")
        let found = try? JSONDecoder().decode(Permissions.self, from: Data(answer))
        return found?.permissions?.contains(Self.permission) ?? false
    }
}
