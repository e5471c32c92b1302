public import Platform

extension HTTPResponse {
    /// How long the server asks to wait (`Retry-After`, in seconds or as a date), in nanoseconds, at most a day; nil
    /// where it does not say.
    ///
    /// - Source: RFC 9110 section 10.2.3.
    public func retryAfterNs(now: Timestamp) -> Int64? {
        guard let text = headers["Retry-After"].map({ trimmed($0) }), !text.isEmpty else { return nil }
        if text.utf8.allSatisfy({ (48...57).contains($0) }) {
            return min(Int64(text) ?? .max, Self.longestWaitNs / 1_000_000_000) * 1_000_000_000
        }
        guard let moment = HTTPDate.moment(text) else { return nil }
        let (waitNs, overflow) = moment.nanoseconds.subtractingReportingOverflow(now.nanoseconds)
        return overflow ? nil : min(max(0, waitNs), Self.longestWaitNs)
    }

    private static let longestWaitNs: Int64 = 86_400_000_000_000
}
