internal import Delivery
internal import Networking

/// What helps where BigQuery does not do something.
///
/// - Source: BigQuery documentation, "Error messages".
enum BigQueryFailure {
    /// A request was not answered well.
    static func delivery(_ error: CloudError) -> DeliveryError {
        let kind: DeliveryError.Kind =
            switch error.kind {
            case .denied, .missing: .setup
            case .refused where error.message.hasPrefix("413"): .row
            case .refused where !passing.contains(error.name): .setup
            default: .unavailable
            }
        return DeliveryError(kind, "\(error)")
    }

    /// A job ended badly.
    ///
    /// - Parameter table: its name, with that of the dataset.
    static func delivery(_ job: BigQueryJob, _ table: String) -> DeliveryError {
        let fault = job.status.errorResult
        let reason = fault?.reason ?? ""
        // The first words are often "please look into the errors[] collection".
        let details = (job.status.errors ?? []).compactMap(\.message).filter { $0 != fault?.message }.prefix(1)
        let text = line(([fault?.message ?? "it does not say why"] + details).joined(separator: "; "))
        let message = "load job \(job.jobReference.jobId) into \(table): \(reason.isEmpty ? "" : reason + ": ")\(text)"
        return DeliveryError(kind(reason, text), message)
    }

    /// Rows were not streamed.
    static func delivery(_ refusals: [BigQueryInsertion.Refusal], _ table: String) -> DeliveryError {
        // The other rows of the request are called `stopped`.
        let all = refusals.flatMap { refusal in (refusal.errors ?? []).map { (refusal.index ?? 0, $0) } }
        let told = all.first { $0.1.reason != "stopped" } ?? all.first
        let reason = told?.1.reason ?? ""
        let text = line(told?.1.message ?? "it does not say why")
        return DeliveryError(
            reason == "stopped" ? .unavailable : kind(reason, text),
            "rows for \(table): row \(told?.0 ?? 0) of the request: \(reason): \(text)")
    }

    /// Time helps.
    private static let passing: Set<String> = [
        "backendError", "internalError", "jobBackendError", "jobInternalError", "rateLimitExceeded",
        "jobRateLimitExceeded", "quotaExceeded", "resourcesExceeded", "tableUnavailable", "timeout", "stopped",
    ]

    private static func kind(_ reason: String, _ text: String) -> DeliveryError.Kind {
        switch reason {
        case _ where passing.contains(reason): .unavailable
        // A table that somebody changed since it was looked at.
        case "invalid" where text.contains("does not match"): .setup
        case "invalid", "invalidQuery": .row
        case "": .unavailable
        default: .setup
        }
    }

    private static let longest = 600

    /// In one line, cut where it is long.
    private static func line(_ text: String) -> String {
        let line = text.split(whereSeparator: \.isNewline).joined(separator: " ")
        return line.count > longest ? line.prefix(longest) + "…" : line
    }
}
