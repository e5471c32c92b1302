/// What lies between the thread that compresses and the one that writes, and whose turn it is.
///
/// - Threading: guarded by the journal's lock, except the contents of a batch, which belong to one of the two threads.
struct CommitPipeline {
    /// The batch that the sealing thread fills.
    var open = EncodedBatch()
    /// The batch that the commit thread has to write.
    var handedOver: EncodedBatch?
    /// A batch that nobody uses.
    var spare: EncodedBatch? = EncodedBatch()
    /// Nobody writes.
    var committerIsIdle = true
    /// When the last write started, on the monotonic clock.
    var lastSyncNs: Int64 = 0
    /// The sealing thread waits, for anything.
    var sealerWaits = false
    /// The sealing thread waits and the first record of a block would give it something to do.
    var sealerWaitsForRecords = false
    /// The sealing thread has handed over its last batch.
    var isSealed = false
    /// Writing failed until the journal closed: what is left is given up.
    var isAbandoned = false
    /// Whether the sealing thread compresses.
    var compression = CompressionPolicy()
    /// Bytes in a batch after which it waits for the committer.
    static let batchBytes = 8 << 20
    /// Bytes in a batch up to which the sealing thread writes it itself.
    static let smallBatchBytes = 64 << 10
}
