internal import Synchronization

/// Answers one request, now or later.
///
/// - Threading: any thread. The first answer counts. A responder that goes away without an answer answers 500.
public final class HTTPResponder: Sendable {
    private let deliver: @Sendable (HTTPResponse) -> Void
    private let answered = Atomic(false)
    private let cancelled = Atomic(false)

    /// - Parameter deliver: takes the answer, from any thread, at most once.
    public init(_ deliver: @escaping @Sendable (HTTPResponse) -> Void) { self.deliver = deliver }

    deinit {
        guard !answered.load(ordering: .acquiring) else { return }
        deliver(.error(500, code: "no_answer", "the handler gave no answer"))
    }

    /// Sends the answer.
    ///
    /// - Returns: false where there was one before.
    @discardableResult
    public func respond(_ response: HTTPResponse) -> Bool {
        guard answered.compareExchange(expected: false, desired: true, ordering: .acquiringAndReleasing).exchanged
        else { return false }
        deliver(response)
        return true
    }

    /// Sends the answer.
    @discardableResult
    public func respond(status: Int, headers: HTTPHeaders = [:], body: [UInt8] = []) -> Bool {
        respond(HTTPResponse(status: status, headers: headers, body: body))
    }

    /// True once the peer has gone or the time for an answer is over: long work can stop.
    public var isCancelled: Bool { cancelled.load(ordering: .acquiring) }

    func cancel() { cancelled.store(true, ordering: .releasing) }
}
