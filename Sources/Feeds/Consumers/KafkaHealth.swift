/// What is wrong with a Kafka consumer, and the state that makes of its feed.
struct KafkaHealth {
    /// Why no broker can be reached.
    var outage: String?
    /// Topics that cannot be read, with the reason.
    var topics: [String: String] = [:]
    /// Why the group does not keep offsets.
    var commits: String?
    /// What the broker deleted before it was read.
    var loss: String?
    /// Partitions that are read; nil before the group has given any.
    var partitions: Int?

    /// - Parameters:
    ///   - silentNs: how long nothing was received.
    ///   - staleNs: how long that may be; 0 for ever.
    ///   - closed: says that the market is closed, where it is; asked only where that matters.
    func state(silentNs: Int64, staleNs: Int64, closed: () -> String?) -> (FeedStatus.State, String) {
        if let outage { return (.degraded, "\(outage); trying again") }
        if !topics.isEmpty {
            let texts = topics.sorted { $0.key < $1.key }.map { "topic `\($0.key)`: \($0.value)" }
            return (.degraded, texts.joined(separator: "; "))
        }
        guard let partitions else { return (.connecting, "joining the group") }
        if let commits { return (.degraded, "the group does not keep offsets, the journal does: \(commits)") }
        guard partitions > 0 else { return (.idle, "other members of the group read all partitions") }
        if staleNs > 0, silentNs >= staleNs {
            if let closed = closed() { return (.idle, closed) }
            return (.stale, "nothing was received for \(silentNs / 1_000_000_000) s")
        }
        return (.live, loss ?? "")
    }
}
