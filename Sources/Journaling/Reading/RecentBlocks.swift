/// The durable blocks that are kept in memory for live readers.
///
/// - Threading: guarded by the journal's lock.
struct RecentBlocks {
    private var blocks: [JournalBlock] = []
    private var head = 0
    private var bytes = 0
    /// All records before this offset are durable.
    var endOffset: Offset = 0

    mutating func append(_ block: JournalBlock, limitBytes: Int) {
        blocks.append(block)
        bytes += block.memory.capacity
        endOffset = block.endOffset
        while bytes > limitBytes && head < blocks.count {
            bytes -= blocks[head].memory.capacity
            head += 1
            if head >= 64 && head * 2 >= blocks.count {
                blocks.removeFirst(head)
                head = 0
            }
        }
    }

    /// The block that holds `offset`; nil where it is no longer, or not yet, here.
    func block(holding offset: Offset) -> JournalBlock? {
        guard head < blocks.count, blocks[head].firstOffset <= offset, offset < endOffset else { return nil }
        var low = head
        var high = blocks.count
        while low < high {
            let middle = (low + high) / 2
            if blocks[middle].endOffset <= offset { low = middle + 1 } else { high = middle }
        }
        return low < blocks.count ? blocks[low] : nil
    }
}
