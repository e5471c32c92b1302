internal import Feeds
internal import Networking
internal import Synchronization

/// Brings requests of the server to the feeds that they are for.
///
/// - Threading: any thread.
final class PushReceivers: Sendable {
    /// Largest body that is received, as it comes; every feed has its own limit below.
    static let maxBodyBytes = 21 << 20

    private typealias Known = [(name: String, receiver: any PushReceiver)]
    private let receivers = Mutex<Known>([])
    /// Names of the feeds that will be there.
    private let expected: [String]

    /// - Parameter expected: names of the feeds that are configured. While one of them has not started, its clients are
    ///   told to come back: the server is up before the feeds are.
    init(expected: [String]) { self.expected = expected }

    /// Makes a feed reachable under its name.
    func add(_ receiver: any PushReceiver, name: String) { receivers.withLock { $0.append((name, receiver)) } }

    /// Answers a request for `…/FEED`, `…/pubsub/FEED`, or `…/pubsub` where there is one feed.
    func handle(_ request: HTTPRequest, below folder: String, _ responder: HTTPResponder) {
        let known = receivers.withLock { $0 }
        let parts = request.path.dropFirst(folder.count).split(separator: "/", omittingEmptySubsequences: false)
        switch (parts.count, parts.first) {
        case (1, "pubsub"):
            let names = names(known)
            guard names.count == 1 else {
                responder.respond(notFound("of \(names.count) feeds, say which: pubsub/FEED", known))
                return
            }
            receive(request, .pubsub, feed: names[0], known, responder)
        case (1, let name?): receive(request, .rows, feed: String(name), known, responder)
        case (2, "pubsub"): receive(request, .pubsub, feed: String(parts[1]), known, responder)
        default: responder.respond(notFound("there is nothing at \(request.path.prefix(200))", known))
        }
    }

    private func receive(
        _ request: HTTPRequest, _ kind: PushKind, feed: String, _ known: Known, _ responder: HTTPResponder
    ) {
        if let found = known.first(where: { $0.name == feed }) {
            found.receiver.receive(request, kind, responder)
        } else if expected.contains(feed) {
            responder.respond(.feedNotRunning)
        } else {
            responder.respond(notFound("there is no feed `\(feed.prefix(64))` that takes what is pushed", known))
        }
    }

    /// Feeds that are there or will be.
    private func names(_ known: Known) -> [String] { Set(known.map(\.name)).union(expected).sorted() }

    private func notFound(_ message: String, _ known: Known) -> HTTPResponse {
        let names = names(known).joined(separator: ", ")
        return .error(404, code: "not_found", message + (names.isEmpty ? "" : "; there is \(names)"))
    }
}
