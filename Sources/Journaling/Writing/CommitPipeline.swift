/// What lies between the thread that compresses and the thread that writes.
///
/// - Threading: guarded by the journal's lock, except the contents of a batch, which belong to one of the two threads.
struct CommitPipeline {
    /// The batch that the sealing thread fills.
    var open = EncodedBatch()
    /// The batch that the commit thread has to write.
    var handedOver: EncodedBatch?
    /// A batch that nobody uses.
    var spare: EncodedBatch? = EncodedBatch()
    var committerIsIdle = true
    /// The sealing thread waits, for anything.
    var sealerWaits = false
    /// The sealing thread waits and the first record of a block would give it something to do.
    var sealerWaitsForRecords = false
    /// The sealing thread has handed over its last batch.
    var isSealed = false
    /// Writing failed until the journal closed: what is left is given up.
    var isAbandoned = false
    /// Bytes in a batch after which it waits for the committer.
    static let batchBytes = 4 << 20
}
