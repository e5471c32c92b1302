internal import Market

/// A part of a stream, with the parts that it was made from.
struct KinesisShard: Sendable, Equatable {
    let id: String
    let parents: [String]
}

/// Which shard of a stream is read when: parents to their end before their children, each within the service's limits.
///
/// A value without clock or connection: it says what to do next, and is told how that went.
///
/// - Source: Kinesis Data Streams developer guide, "Resharding", "Quotas and limits": five reads a second and 2 MB a second
///   of each shard; an iterator is good for five minutes.
struct KinesisShards {
    struct Policy {
        /// From one read of a shard to the next.
        var everyNs: Int64 = 250_000_000
        /// Bytes that a shard gives in a second.
        var bytesPerSecond: Int64 = 2_000_000
        /// An iterator is made anew after this time.
        var iteratorNs: Int64 = 240_000_000_000
        /// From one look at the list of shards to the next, beside those after a shard has ended.
        var listNs: Int64 = 60_000_000_000
        var retry = Reconnect.Policy()
    }

    /// What to do.
    enum Step: Equatable {
        case list
        /// Read a shard; nil asks for an iterator first.
        case read(shard: String, iterator: String?, KinesisClient.Start)
        /// Nothing before this time.
        case wait(untilNs: Int64)
    }

    private struct Reading {
        let shard: KinesisShard
        var last: StreamNumber?
        var iterator: String?
        var iteratorNs: Int64 = 0
        var dueNs: Int64
        var isBusy = false
        var isFinished = false
        var behindMs: Int64 = 0
        /// The service does not know the last record any more.
        var startsAnew = false
        var retry: Reconnect
    }

    let policy: Policy
    private let start: KinesisClient.Start
    private let known: (String) -> StreamNumber?
    private var readings: [Reading] = []
    private var places: [String: Int] = [:]
    private var listDueNs: Int64 = 0
    private var isListing = false
    /// A shard ended while the list was on its way.
    private var isListOld = false
    private var listRetry: Reconnect

    /// - Parameters:
    ///   - start: where to begin shards of which nothing is known.
    ///   - known: the last record of a shard that was journaled.
    init(_ policy: Policy, start: KinesisClient.Start, known: @escaping (String) -> StreamNumber?) {
        self.policy = policy
        self.start = start
        self.known = known
        listRetry = Reconnect(policy.retry)
    }

    /// Shards that are being read, and how far the one that is furthest behind is.
    var summary: (open: Int, behindMs: Int64) {
        let open = readings.filter { !$0.isFinished && isOpen($0.shard) }
        return (open.count, open.map(\.behindMs).max() ?? 0)
    }

    /// The last record of a shard that was taken.
    func last(_ shard: String) -> StreamNumber? { places[shard].flatMap { readings[$0].last } }

    /// What to do next; whoever asks has to tell how it went.
    mutating func next(nowNs: Int64) -> Step {
        if !isListing, listDueNs <= nowNs {
            isListing = true
            return .list
        }
        var wakeNs = isListing ? Int64.max : listDueNs
        var chosen: Int?
        for place in readings.indices where !readings[place].isBusy && !readings[place].isFinished {
            guard isOpen(readings[place].shard) else { continue }
            wakeNs = min(wakeNs, readings[place].dueNs)
            if readings[place].dueNs <= nowNs, chosen.map({ readings[place].dueNs < readings[$0].dueNs }) ?? true {
                chosen = place
            }
        }
        guard let chosen else { return .wait(untilNs: wakeNs) }
        if nowNs - readings[chosen].iteratorNs >= policy.iteratorNs { readings[chosen].iterator = nil }
        readings[chosen].isBusy = true
        return .read(
            shard: readings[chosen].shard.id, iterator: readings[chosen].iterator, beginning(of: readings[chosen]))
    }

    private func beginning(of reading: Reading) -> KinesisClient.Start {
        guard let last = reading.last else { return start }
        return reading.startsAnew ? .earliest : .after(last)
    }

    /// True once nothing is left to read of the shards that a shard was made from.
    private func isOpen(_ shard: KinesisShard) -> Bool {
        shard.parents.allSatisfy { parent in places[parent].map { readings[$0].isFinished } ?? true }
    }

    // MARK: What became of it

    /// The list came.
    ///
    /// - Returns: shards that are not listed any more: the stream has deleted them with their records' age.
    mutating func listed(_ shards: [KinesisShard], nowNs: Int64) -> [String] {
        isListing = false
        listDueNs = isListOld ? nowNs : nowNs + policy.listNs
        isListOld = false
        listRetry.worked()
        for shard in shards where places[shard.id] == nil {
            places[shard.id] = readings.count
            readings.append(
                Reading(shard: shard, last: known(shard.id), dueNs: nowNs, retry: Reconnect(policy.retry)))
        }
        let listed = Set(shards.map(\.id))
        var gone: [String] = []
        for place in readings.indices where !readings[place].isFinished {
            guard !listed.contains(readings[place].shard.id) else { continue }
            readings[place].isFinished = true
            gone.append(readings[place].shard.id)
        }
        return gone
    }

    /// The list did not come.
    ///
    /// - Parameter wait: how long the failure makes it wait.
    mutating func listFailed(nowNs: Int64, wait: (inout Reconnect) -> Int64) -> Int64 {
        isListing = false
        let waitNs = wait(&listRetry)
        listDueNs = nowNs + waitNs
        return waitNs
    }

    /// A record of a shard was taken.
    mutating func took(_ shard: String, _ number: StreamNumber) {
        guard let place = places[shard] else { return }
        readings[place].last = number
        readings[place].startsAnew = false
    }

    /// A read brought something, or nothing.
    ///
    /// - Parameter bytes: what the records hold.
    mutating func read(_ shard: String, next: String?, bytes: Int, behindMs: Int64, nowNs: Int64) {
        guard let place = places[shard] else { return }
        readings[place].isBusy = false
        readings[place].iterator = next
        readings[place].iteratorNs = nowNs
        readings[place].behindMs = behindMs
        readings[place].retry.worked()
        readings[place].dueNs = nowNs + max(policy.everyNs, Int64(bytes) * 1_000_000_000 / policy.bytesPerSecond)
        guard next == nil else { return }
        readings[place].isFinished = true
        // Its children may be news.
        if isListing { isListOld = true } else { listDueNs = min(listDueNs, nowNs) }
    }

    /// The iterator is too old.
    mutating func expired(_ shard: String, nowNs: Int64) {
        guard let place = places[shard] else { return }
        readings[place].isBusy = false
        readings[place].iterator = nil
        readings[place].dueNs = nowNs + policy.everyNs
    }

    /// The service does not know the last record any more: what is left is read from the oldest on, and what was taken
    /// before is left out by its number.
    mutating func lost(_ shard: String, nowNs: Int64) {
        expired(shard, nowNs: nowNs)
        if let place = places[shard] { readings[place].startsAnew = true }
    }

    /// The read failed.
    ///
    /// - Parameter wait: how long the failure makes it wait.
    mutating func readFailed(_ shard: String, nowNs: Int64, wait: (inout Reconnect) -> Int64) -> Int64 {
        guard let place = places[shard] else { return 0 }
        readings[place].isBusy = false
        let waitNs = wait(&readings[place].retry)
        readings[place].dueNs = nowNs + waitNs
        return waitNs
    }
}
