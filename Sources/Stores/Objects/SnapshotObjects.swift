internal import Delivery
internal import Market
internal import Objects
internal import Platform

/// An object for each quote that was asked for: `AAPL/1700000000.json` with the answer as the vendor sent it.
///
/// Keys and bytes follow from the rows alone: to put them once more changes nothing. How far they are stands in an object of its
/// own, which is put afterwards.
/// - Source: docs/sinks/objects.md.
/// - Threading: one thread at a time.
final class SnapshotObjects: DeliveryTarget, @unchecked Sendable {  // one thread at a time
    private let folder: ObjectFolder
    private var offset: Int64?
    /// Up to where objects were put by this program: an error on the way does not make it begin anew.
    private var reached: Int64 = -1

    private static let progress = "progress"
    /// How far they are is noted after so many objects.
    private static let rowsPerNote = 50

    init(_ store: any ObjectStore, _ context: SinkContext) {
        folder = ObjectFolder(store, pipeline: context.pipeline, meter: context.meter)
    }

    var wantsPayloads: Bool { true }

    func open(_ tables: [TableSchema]) throws(DeliveryError) {
        close()
        try folder.claim(layout: ObjectSink.Layout.snapshots.rawValue, compression: ObjectCompression.none.rawValue)
        let text = try folder.note(Self.progress, Tables.quoteSnapshots.name)
        guard let text else { return offset = reached }
        guard let found = Int64(text), found >= -1 else {
            throw DeliveryError(
                .setup,
                "_tapedeck/\(Self.progress)/\(Tables.quoteSnapshots.name) holds no offset: take it away, and all is put anew"
            )
        }
        offset = max(found, reached)
    }

    func committedOffset(_ table: TableSchema) throws(DeliveryError) -> Int64 {
        guard let offset else { throw DeliveryError(.unavailable, "not connected") }
        return offset
    }

    func deliver(_ unit: DeliveryUnit) throws(DeliveryError) -> Int64 {
        try check(unit.after)
        let snapshots = try Snapshots(unit)
        for (place, snapshot) in snapshots.all.enumerated() {
            try put(snapshot)
            guard place + 1 == snapshots.all.count || snapshots.all[place + 1].offset != snapshot.offset else {
                continue
            }
            reached = snapshot.offset
            if (place + 1) % Self.rowsPerNote == 0 { try advance(to: reached) }
        }
        try advance(to: unit.last)
        return Int64(snapshots.all.count)
    }

    func reject(_ table: TableSchema, after: Int64, last: Int64, reason: String) throws(DeliveryError) {
        try check(after)
        try folder.reject(table, offset: last, reason: reason)
        try advance(to: last)
    }

    func close() { offset = nil }

    /// Where another quote has the second already, the journal offset tells them apart.
    private func put(_ snapshot: Snapshots.Snapshot) throws(DeliveryError) {
        let key = "\(snapshot.folder)/\(snapshot.seconds).json"
        if try folder.putIfAbsent(key, snapshot.content, type: Self.json) { return }
        try ObjectFolder.translating { () throws(ObjectError) in
            if try folder.store.get(key) == snapshot.content { return }
            let other = "\(snapshot.folder)/\(snapshot.seconds)-\(snapshot.offset).json"
            try folder.store.put(other, snapshot.content, type: Self.json)
        }
    }

    private static let json = "application/json"

    private func advance(to last: Int64) throws(DeliveryError) {
        try folder.setNote(Self.progress, Tables.quoteSnapshots.name, "\(last)")
        offset = last
    }

    private func check(_ after: Int64) throws(DeliveryError) {
        let found = try committedOffset(Tables.quoteSnapshots)
        guard found == after else {
            throw DeliveryError(.conflict, "quotes up to offset \(found) are there already, not up to \(after)")
        }
    }
}
