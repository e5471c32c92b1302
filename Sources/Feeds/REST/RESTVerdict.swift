internal import Networking

/// What an answer, or its failure, means for the calls to come.
enum RESTVerdict: Equatable {
    /// The answer is what was asked for.
    case taken
    /// This question has no answer: an unknown symbol, say. Others may.
    case refused(String)
    /// There were too many calls: no call may follow for so long at least.
    case throttled(leastNs: Int64?, String)
    /// Something failed that may get better by itself.
    case failed(leastNs: Int64?, String)
    /// A person has to change something first, for example the key.
    case needsPerson(String)

    /// Judges an answer by its status.
    ///
    /// - Parameter retryAfterNs: how long the server asks to wait.
    static func judge(status: Int, retryAfterNs: Int64?) -> RESTVerdict {
        let text = "\(status) \(HTTPResponse.reason(status))"
        switch status {
        case 200..<300, 304: return .taken
        case 429: return .throttled(leastNs: retryAfterNs, text)
        case 401, 407: return .needsPerson(text)
        case 408, 425, 500..<600: return .failed(leastNs: retryAfterNs, text)
        default: return .refused(text)
        }
    }

    /// Judges that there is no answer.
    static func judge(_ error: NetworkError) -> RESTVerdict {
        error.disposition == .stop
            ? .needsPerson(error.description) : .failed(leastNs: nil, error.description)
    }
}
