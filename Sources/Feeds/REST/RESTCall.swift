internal import Networking

/// One question to a REST interface.
struct RESTCall: Sendable {
    /// What is asked for, in errors and status: usually the symbol.
    var label: String
    var request: HTTPClientRequest
    /// What the envelope of the answer says beside when it came and its status.
    var fields: [(name: String, value: String)]
    /// What the address was made from, for further pages.
    var template: RESTTemplate
    var values: [String: String]
    /// Place of the symbol in the list.
    var symbol: Int
    /// Up to when it is answered with this call, in nanoseconds since 1970 UTC; nil where it is not about time.
    var untilNs: Int64?
    /// Number of the page, from 1.
    var page = 1
}

/// What a REST source asks and what answers mean: one vendor's knowledge.
protocol RESTConversation: AnyObject, Sendable {
    /// The calls of a round that begins at `nowNs` since 1970 UTC.
    func calls(nowNs: Int64) throws -> [RESTCall]
    /// What an answer with a good status means; it is kept whatever the verdict, unless the venue throttles.
    func verdict(on response: HTTPResponse, to call: RESTCall) -> RESTVerdict
    /// The call for what follows an answer that was taken; nil where that was all.
    func next(after response: HTTPResponse, to call: RESTCall) -> RESTCall?
}

extension RESTConversation {
    func verdict(on response: HTTPResponse, to call: RESTCall) -> RESTVerdict { .taken }
    func next(after response: HTTPResponse, to call: RESTCall) -> RESTCall? { nil }
}
