import Foundation
import Networking
import Synchronization
import TestKit

/// A server that answers as a test says, and keeps what it was asked.
final class CloudPeer: Sendable {
    typealias Answer = @Sendable (HTTPRequest) -> HTTPResponse

    private let server: HTTPServer
    private let seen: Seen
    private final class Seen: Sendable {
        let requests = Mutex<[HTTPRequest]>([])
        let answer: Mutex<Answer>
        init(_ answer: @escaping Answer) { self.answer = Mutex(answer) }
    }

    init(_ answer: @escaping Answer) throws {
        var options = HTTPServer.Options()
        options.port = 0
        let seen = Seen(answer)
        self.seen = seen
        server = try HTTPServer(options: options) { request, responder in
            seen.requests.withLock { $0.append(request) }
            let answer = seen.answer.withLock { $0 }
            responder.respond(answer(request))
        }
    }

    deinit { server.stop() }

    /// Answers otherwise from now on.
    func answer(_ answer: @escaping Answer) { seen.answer.withLock { $0 = answer } }

    var requests: [HTTPRequest] { seen.requests.withLock { $0 } }
    var url: HTTPURL { get throws { try HTTPURL(server.url) } }
    var address: String { server.url }
}

extension HTTPRequest {
    var text: String { String(decoding: body, as: UTF8.self) }
}
