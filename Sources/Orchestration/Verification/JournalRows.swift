internal import Delivery
internal import Foundation
internal import Journaling
internal import Market

/// The frames that a journal holds, as the table `frames` has them.
struct JournalRows {
    let path: String

    /// Offset of the oldest record that is left.
    func oldestOffset() throws -> Int64 { Int64(try JournalInspector.oldestOffset(path)) }

    /// What the frames up to an offset, itself included, amount to.
    ///
    /// - Parameter first: the first offset that counts; nil for the oldest.
    func digests(from first: Int64? = nil, upTo last: Int64, goesOn: (Int64) -> Bool) throws -> RowDigests {
        var digests = RowDigests()
        // What `RowDigests.columns` has of it, in its order.
        let names = RowDigests.columns(Tables.frames).map(\.name)
        let count = first.map { Int(last - $0 + 1) }
        try JournalInspector.dump(path: path, from: first.map { Offset($0) }, limit: count) { record, feed in
            guard record.kind == .data, Int64(record.offset) <= last else { return }
            var digest = RowDigest()
            for name in names {
                switch name {
                case "ingest_time_ns": digest.add(record.ingestTimeNs)
                case "feed": digest.add(feed.utf8)
                case "journal_offset": digest.add(Int64(record.offset))
                case "payload": unsafe digest.add(record.payload)
                default: preconditionFailure("frames have no column \(name)")
                }
            }
            digests.add(timeNs: record.ingestTimeNs, offset: Int64(record.offset), digest)
            guard goesOn(1) else { throw CancellationError() }
        }
        return digests
    }
}
