/// Records accepted and not yet compressed.
///
/// - Threading: guarded by the journal's lock.
struct AppendQueue {
    var nextOffset: Offset
    /// The block being filled.
    var active: BlockMemory
    /// Offset of its first record.
    var activeFirstOffset: Offset
    /// Blocks that are full, oldest first.
    var full: [(firstOffset: Offset, memory: BlockMemory)] = []
    /// Bytes of records that are not durable yet, wherever they are.
    var pendingBytes = 0
    var waitingAppenders = 0
    /// Threads that wait for records to become durable.
    var waitingForDurable = 0

    init(nextOffset: Offset, memory: BlockMemory) {
        self.nextOffset = nextOffset
        active = memory
        activeFirstOffset = nextOffset
    }

    /// Puts the active block behind the full ones and starts another.
    mutating func rotate(to memory: BlockMemory) {
        full.append((activeFirstOffset, active))
        active = memory
        activeFirstOffset = nextOffset
    }
}
