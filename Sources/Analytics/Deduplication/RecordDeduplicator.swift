internal import Market
internal import Platform

/// Drops repeated rows of one table of records and numbers revised ones, by the identity that its schema states.
///
/// - Threading: one owner at a time.
struct RecordDeduplicator: ~Copyable {
    /// Identities of rows that count once which are remembered: the latest.
    static let window = 262_144
    /// Columns that tell when and where a row came from, not what it says.
    private static let circumstances: Set = [
        "journal_offset", "frame_index", "ingest_time_ns", "updated_ns", "revision",
    ]

    private enum Rule {
        case all
        case once(key: [Int])
        case revised(key: [Int], statement: [Int], revision: Int)
    }

    /// What a source stated last.
    private struct Statement {
        var digest: StableDigest
        var revision: Int32
    }

    private let rule: Rule
    private var seen: Set<StableDigest> = []
    /// The members of `seen`, in a ring of `window` places.
    private var order: [StableDigest] = []
    private var next = 0
    private var statements: [StableDigest: Statement] = [:]

    init(_ schema: TableSchema) {
        let names = schema.identity.columns
        switch schema.identity.kind {
        case .place: rule = .all
        case .once: rule = .once(key: names.map(schema.place))
        case .revised:
            let statement = schema.storedColumns.map(\.name)
                .filter { !names.contains($0) && !Self.circumstances.contains($0) }
            rule = .revised(
                key: names.map(schema.place), statement: statement.map(schema.place), revision: schema.place("revision")
            )
        }
    }

    /// Drops repetitions from row `start` on.
    mutating func removeDuplicates(from batch: RecordBatch, rowsFrom start: Int, counters: inout FeedCounters) {
        guard start < batch.count else { return }
        if case .all = rule {
            counters.records += batch.count - start
            return
        }
        var isKept: [Bool] = []
        isKept.reserveCapacity(batch.count - start)
        for row in start..<batch.count { isKept.append(takes(row, of: batch)) }
        batch.keep(from: start, isKept)
        counters.records += batch.count - start
        counters.duplicateRecords += isKept.count - (batch.count - start)
    }

    private mutating func takes(_ row: Int, of batch: RecordBatch) -> Bool {
        switch rule {
        case .all: return true
        case .once(let key): return insert(batch.digest(row: row, places: key))
        case .revised(let key, let statement, let revision):
            let identity = batch.digest(row: row, places: key)
            let digest = batch.digest(row: row, places: statement)
            guard let known = statements[identity] else {
                statements[identity] = Statement(digest: digest, revision: 0)
                return true
            }
            if known.digest == digest { return false }
            let next = known.revision &+ 1
            statements[identity] = Statement(digest: digest, revision: next)
            batch.replace(revision, row: row, next)
            return true
        }
    }

    private mutating func insert(_ digest: StableDigest) -> Bool {
        guard seen.insert(digest).inserted else { return false }
        if order.count < Self.window {
            order.append(digest)
        } else {
            seen.remove(order[next])
            order[next] = digest
            next = (next + 1) % Self.window
        }
        return true
    }

    // MARK: Checkpoint

    func encode(into writer: inout BinaryWriter) {
        writer.write(UInt32(order.count))
        // From the oldest on, so that a restored ring starts at its first place.
        for place in order.indices { write(order[(next + place) % order.count], into: &writer) }
        writer.write(UInt32(statements.count))
        let sorted = statements.sorted { ($0.key.high, $0.key.low) < ($1.key.high, $1.key.low) }
        for (identity, statement) in sorted {
            write(identity, into: &writer)
            write(statement.digest, into: &writer)
            writer.write(statement.revision)
        }
    }

    private func write(_ digest: StableDigest, into writer: inout BinaryWriter) {
        writer.write(digest.high)
        writer.write(digest.low)
    }

    init(_ schema: TableSchema, from reader: inout BinaryReader) throws(EngineStateError) {
        self.init(schema)
        for _ in 0..<(try reader.value(UInt32.self)) { _ = insert(try Self.digest(&reader)) }
        for _ in 0..<(try reader.value(UInt32.self)) {
            let identity = try Self.digest(&reader)
            statements[identity] = Statement(digest: try Self.digest(&reader), revision: try reader.value())
        }
    }

    private static func digest(_ reader: inout BinaryReader) throws(EngineStateError) -> StableDigest {
        StableDigest(high: try reader.value(), low: try reader.value())
    }
}
