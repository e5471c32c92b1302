internal import Feeds
internal import Networking
internal import Synchronization

/// Brings requests of the server to the feeds that they are for.
///
/// - Threading: any thread.
final class PushReceivers: Sendable {
    /// Largest body that is received, as it comes; every feed has its own limit below.
    static let maxBodyBytes = 21 << 20

    private let receivers = Mutex<[(name: String, receiver: any PushReceiver)]>([])

    /// Makes a feed reachable under its name.
    func add(_ receiver: any PushReceiver, name: String) { receivers.withLock { $0.append((name, receiver)) } }

    /// Answers a request for `…/FEED`, `…/pubsub/FEED`, or `…/pubsub` where there is one feed.
    func handle(_ request: HTTPRequest, below folder: String, _ responder: HTTPResponder) {
        let known = receivers.withLock { $0 }
        let parts = request.path.dropFirst(folder.count).split(separator: "/", omittingEmptySubsequences: false)
        switch (parts.count, parts.first) {
        case (1, "pubsub"):
            guard known.count == 1 else {
                responder.respond(notFound("of \(known.count) feeds, say which: pubsub/FEED", known))
                return
            }
            known[0].receiver.receive(request, .pubsub, responder)
        case (1, let name?): receive(request, .rows, feed: name, known, responder)
        case (2, "pubsub"): receive(request, .pubsub, feed: parts[1], known, responder)
        default: responder.respond(notFound("there is nothing at \(request.path.prefix(200))", known))
        }
    }

    private func receive(
        _ request: HTTPRequest, _ kind: PushKind, feed: Substring,
        _ known: [(name: String, receiver: any PushReceiver)], _ responder: HTTPResponder
    ) {
        guard let found = known.first(where: { $0.name == feed }) else {
            responder.respond(notFound("there is no feed `\(feed.prefix(64))` that takes what is pushed", known))
            return
        }
        found.receiver.receive(request, kind, responder)
    }

    private func notFound(_ message: String, _ known: [(name: String, receiver: any PushReceiver)]) -> HTTPResponse {
        let names = known.map(\.name).sorted().joined(separator: ", ")
        return .error(404, code: "not_found", message + (names.isEmpty ? "" : "; there is \(names)"))
    }
}
