internal import Market
internal import Networking
internal import Platform

/// Reads shards, each by one thread at a time, and has journaled what they hold.
///
/// - Threading: any number of threads run it.
final class KinesisReader: @unchecked Sendable {  // `lock` guards every variable
    private let client: KinesisClient
    private let journal: KinesisJournal
    private let health: ConsumerHealth
    private let output: any FeedOutput
    private let batch: Int
    private let lock = Lock()
    private let changed: Condition
    private var shards: KinesisShards
    private var error: (any Error)?

    /// Longest wait without looking whether to stop.
    private static let waitNs: Int64 = 50_000_000
    /// What the list of shards is called in the feed's state.
    private static let listPart = "list of shards"

    /// - Parameter batch: records that one read asks for.
    init(
        _ client: KinesisClient, _ journal: KinesisJournal, _ shards: KinesisShards, _ health: ConsumerHealth,
        _ output: any FeedOutput, batch: Int
    ) {
        self.client = client
        self.journal = journal
        self.health = health
        self.output = output
        self.batch = batch
        self.shards = shards
        changed = Condition(lock)
    }

    /// What the sink threw; nothing more is read then.
    var failure: (any Error)? { lock.withLock { error } }

    private var shallStop: Bool { output.isCancelled || failure != nil }

    /// Reads until the feed shall stop.
    func run() {
        while let step = next() {
            switch step {
            case .list: list()
            case .read(let shard, let iterator, let start): read(shard, iterator, start)
            case .wait: break
            }
        }
    }

    /// Waits for something to do; nil where the reader shall stop.
    private func next() -> KinesisShards.Step? {
        lock.withLock {
            while true {
                if output.isCancelled || error != nil { return nil }
                let nowNs = Stopwatch.monotonicNs()
                let step = shards.next(nowNs: nowNs)
                guard case .wait(let untilNs) = step else { return step }
                changed.wait(untilNs: min(untilNs, nowNs + Self.waitNs))
            }
        }
    }

    private func list() {
        do throws(CloudError) {
            let list = try client.shards { shallStop }
            let gone = lock.withLock {
                defer { changed.broadcast() }
                return shards.listed(list, nowNs: Stopwatch.monotonicNs())
            }
            for part in gone + [Self.listPart] { health.works(part) }
        } catch {
            let waitNs = lock.withLock {
                shards.listFailed(nowNs: Stopwatch.monotonicNs()) { $0.nextNs(after: error) }
            }
            tell(Self.listPart, error, waitNs)
        }
    }

    private func read(_ shard: String, _ iterator: String?, _ start: KinesisClient.Start) {
        do throws(CloudError) {
            let iterator = if let iterator { iterator } else { try client.iterator(shard, start) { shallStop } }
            let batch = try client.records(iterator, most: batch) { shallStop }
            lock.withLock { take(batch, shard) }
            health.works(shard)
        } catch {
            lock.withLock { failed(shard, start, error) }
        }
    }

    // MARK: With the lock held

    private func take(_ batch: KinesisClient.Batch, _ shard: String) {
        guard error == nil else { return }
        defer { changed.broadcast() }
        var bytes = 0
        do {
            for record in batch.records {
                bytes += record.data.count
                if let last = shards.last(shard), record.number <= last { continue }
                try journal.keep(record, shard)
                shards.took(shard, record.number)
            }
        } catch {
            self.error = error
            return
        }
        shards.read(
            shard, next: batch.next, bytes: bytes, behindMs: batch.behindMs, nowNs: Stopwatch.monotonicNs())
        let (open, behindMs) = shards.summary
        let behind = behindMs >= 1000 ? ", \(behindMs / 1000) s behind" : ""
        health.set(
            batch.records.isEmpty && behindMs == 0 ? .idle : .live,
            "\(open) \(open == 1 ? "shard" : "shards")\(behind)")
    }

    private func failed(_ shard: String, _ start: KinesisClient.Start, _ error: CloudError) {
        let nowNs = Stopwatch.monotonicNs()
        defer { changed.broadcast() }
        switch (error.name, start) {
        case ("ExpiredIteratorException", _): shards.expired(shard, nowNs: nowNs)
        case ("InvalidArgumentException", .after(let number)):
            Log.warning(
                "the stream does not know the last record taken any more; the shard is read from its oldest",
                ["shard": shard, "last": "\(number)", "reason": error.message])
            shards.lost(shard, nowNs: nowNs)
        default:
            let waitNs = shards.readFailed(shard, nowNs: nowNs) { $0.nextNs(after: error) }
            tell(shard, error, waitNs)
        }
    }

    private func tell(_ part: String, _ error: CloudError, _ waitNs: Int64) {
        if error.kind != .cancelled { health.fails(part, error, waitNs: waitNs) }
    }
}
