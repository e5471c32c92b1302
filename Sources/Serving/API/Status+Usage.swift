public import Platform

extension Status {
    /// What a sink took of its target this month, by UTC, and what the month will have taken at the pace of the last 24 hours.
    public struct Usage: Sendable {
        public var rows: Int64 = 0
        public var requests: Int64 = 0
        /// Bytes sent.
        public var bytes: Int64 = 0
        /// Bytes that stay there.
        public var kept: Int64 = 0
        /// US dollars by the list of prices; nil where none holds.
        public var cost: Double?
        public var predictedRows: Int64?
        public var predictedRequests: Int64?
        public var predictedBytes: Int64?
        public var predictedCost: Double?
        /// The limit of which most is used, for example `cost per month`; nil where there is no budget.
        public var limit: String?
        /// How much of it is used: 1 is all.
        public var used: Double?
        /// `warn`, `slow` or `stop`.
        public var action: String?
        /// Whether so much is used that a person should know.
        public var isNear = false
        public init() {}

        /// What a person should know; nil where all is well.
        public var warning: String? {
            guard isNear, let used, let limit else { return nil }
            return "\(Int((used * 100).rounded(.down))) % of its budget of \(limit) is used"
        }
    }
}

extension Status.Usage {
    /// Writes the object `usage` of docs/http-api.md.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.member("rows", rows)
        json.member("requests", requests)
        json.member("bytes", bytes)
        json.member("kept_bytes", kept)
        json.optional("cost_usd", cost)
        json.optional("predicted_rows", predictedRows)
        json.optional("predicted_requests", predictedRequests)
        json.optional("predicted_bytes", predictedBytes)
        json.optional("predicted_cost_usd", predictedCost)
        json.member("limit", limit)
        json.optional("used", used)
        json.member("action", action)
        json.endObject()
    }
}
