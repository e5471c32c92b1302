internal import Networking

/// Trades that the venue has numbered and that did not come.
struct SequenceGap: Equatable, Sendable {
    /// The instrument as the venue names it.
    var symbol: String
    /// The lowest number that is missing.
    var first: Int64
    /// The highest number that is missing.
    var last: Int64
    /// Event time of the trade before the first, in nanoseconds since 1970 UTC.
    var afterNs: Int64

    /// How many are missing, or the largest number.
    var count: Int64 {
        let (distance, overflow) = last.subtractingReportingOverflow(first)
        return overflow || distance == .max ? .max : distance + 1
    }
}

/// What to ask for trades of the past.
struct HistoryRequest: Sendable {
    var url: HTTPURL
    /// Further header fields; keys belong here.
    var headers: HTTPHeaders = [:]
}

/// Where a venue gives out trades of the past.
protocol TradeHistory: Sendable {
    /// Least time between two requests, so that the venue's limit is never reached.
    var intervalNs: Int64 { get }
    /// Asks for the trades of a gap, or for as many at one of its ends as the venue gives at once.
    func request(_ gap: SequenceGap) throws(NetworkError) -> HistoryRequest
    /// What a venue that answers 200 whatever happens refused in an answer; nil where it did not.
    func refusal(in body: [UInt8]) -> HistoryRefusal?
}

extension TradeHistory {
    func refusal(in body: [UInt8]) -> HistoryRefusal? { nil }
}

/// Why a venue gave no trades.
struct HistoryRefusal: Equatable, Sendable {
    /// In words.
    var reason: String
    /// There were too many requests.
    var isThrottling: Bool
}

/// Asks and waits for the answer.
protocol HistoryClient: Sendable {
    /// - Throws: `NetworkError` where there is no whole answer.
    func answer(_ request: HistoryRequest, isCancelled: () -> Bool) throws(NetworkError) -> HTTPResponse
}

extension HTTPClient: HistoryClient {
    func answer(_ request: HistoryRequest, isCancelled: () -> Bool) throws(NetworkError) -> HTTPResponse {
        try get(request.url, headers: request.headers, isCancelled: isCancelled)
    }
}
