public import Networking
internal import Platform
internal import Synchronization

/// An HTTP server on loopback that answers as a test says, and keeps what it was asked. It ends with this object.
///
/// - Threading: any thread; answers are made on the server's own.
public final class AnsweringServer: Sendable {
    /// A request as it came in.
    @dynamicMemberLookup
    public struct Asked: Sendable {
        /// The request; its members can be read from here.
        public let request: HTTPRequest
        /// How many requests came before it.
        public let number: Int
        /// When it came, by the monotonic clock, in nanoseconds.
        public let atNs: Int64

        /// The body as text.
        public var text: String { String(decoding: request.body, as: UTF8.self) }

        /// Path and query, decoded.
        public var target: String {
            request.path + "?" + request.query.items.map { "\($0.name)=\($0.value)" }.joined(separator: "&")
        }

        public subscript<Value>(dynamicMember member: KeyPath<HTTPRequest, Value>) -> Value { request[keyPath: member] }
    }

    /// Makes the answer to a request; nil lets it wait until the server ends.
    public typealias Answer = @Sendable (Asked) -> HTTPResponse?

    private final class State: Sendable {
        let asked = Mutex<[Asked]>([])
        let answer: Mutex<Answer>
        let unanswered = Mutex<[HTTPResponder]>([])

        init(_ answer: @escaping Answer) { self.answer = Mutex(answer) }
    }

    private let server: HTTPServer
    private let state: State

    /// Listens on a port that the system chooses.
    ///
    /// - Throws: `NetworkError` where it cannot.
    public init(_ answer: @escaping Answer) throws {
        var options = HTTPServer.Options()
        options.port = 0
        options.maxBodyBytes = 16 << 20
        let state = State(answer)
        self.state = state
        server = try HTTPServer(options: options) { request, responder in
            let asked = state.asked.withLock { list in
                list.append(Asked(request: request, number: list.count, atNs: Stopwatch.monotonicNs()))
                return list[list.count - 1]
            }
            let answer = state.answer.withLock { $0 }
            if let response = answer(asked) {
                responder.respond(response)
            } else {
                state.unanswered.withLock { $0.append(responder) }
            }
        }
    }

    deinit {
        state.unanswered.withLock { $0 = [] }
        server.stop()
    }

    /// Its address, `http://127.0.0.1:PORT`.
    public var url: String { server.url }

    /// The requests so far, in the order in which they came.
    public var asked: [Asked] { state.asked.withLock { $0 } }

    /// Answers otherwise from now on.
    public func answer(_ answer: @escaping Answer) { state.answer.withLock { $0 = answer } }
}
