internal import Journaling
internal import Objects
internal import Platform

/// The states of a pipeline's partitions in an object store: the newest two of each.
///
/// A state's key has its offset, and its content follows from the topic alone: whoever writes it, late or twice, writes the
/// same.
struct PartitionStates: Sendable {
    private let store: any ObjectStore
    private let prefix: String
    private static let ending = ".state"
    private static let kept = 2

    /// - Parameter folder: tells apart pipelines and topics in the store.
    init(_ store: any ObjectStore, folder: String, _ share: PartitionShare) {
        self.store = store
        prefix = "\(folder)/\(share.partition)-of-\(share.partitioning.count)/"
    }

    /// The newest state that is whole; nil where there is none. Damaged ones are passed by with a warning.
    func newest() throws -> PartitionState? {
        for key in try keys().reversed() {
            guard let bytes = try store.get(key) else { continue }
            do {
                return try PartitionState(bytes)
            } catch {
                Log.warning("the state of a partition cannot be used", ["object": key, "reason": "\(error)"])
            }
        }
        return nil
    }

    /// Keeps a state, and removes all but the newest.
    func save(_ state: PartitionState) throws {
        let digits = String(state.offset)
        let key = prefix + String(repeating: "0", count: max(0, 20 - digits.count)) + digits + Self.ending
        try store.put(key, state.encoded(), type: "application/octet-stream")
        for old in try keys().dropLast(Self.kept) { try store.delete(old) }
    }

    private func keys() throws(ObjectError) -> [String] {
        try store.list(prefix: prefix, after: "", limit: ObjectPage.limitMax).objects.map(\.key)
            .filter { $0.hasSuffix(Self.ending) }
    }
}
