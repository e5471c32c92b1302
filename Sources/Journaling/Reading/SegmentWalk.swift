internal import Platform

/// Reads blocks from the segment files of a journal, one behind the other.
///
/// - Threading: one thread at a time.
final class SegmentWalk {
    private let catalog: SegmentCatalog
    private let pool: BlockMemoryPool
    /// Whether another process may add files, so that the folder must be looked at again.
    private let isForeign: Bool
    private var segment: Segment?
    private var cursor: SegmentCursor?
    /// Feed names met so far.
    private(set) var feeds: [String] = []

    init(catalog: SegmentCatalog, pool: BlockMemoryPool, isForeign: Bool) {
        self.catalog = catalog
        self.pool = pool
        self.isForeign = isForeign
    }

    /// The block that holds `offset`.
    ///
    /// - Parameter durable: for the writer's own readers, nothing from here on is read.
    /// - Returns: nil at the end of the journal.
    func block(holding offset: Offset, durable: Offset?) throws(JournalError) -> JournalBlock? {
        var isSecondLook = false
        while true {
            if let durable, offset >= durable { return nil }
            guard let (cursor, limit) = try open(offset) else { return nil }
            let flaw: BlockFlaw?
            switch try cursor.peek() {
            case .block(let header):
                if let limit, header.endOffset > limit {
                    throw .corrupt(cursor.damage(.offset(found: limit, expected: header.endOffset)))
                }
                if header.recordCount == 0 || (header.endOffset <= offset && !carriesNames(header)) {
                    note(cursor)
                    cursor.skip(header)
                    continue
                }
                switch try cursor.decode(header, pool: pool) {
                case .success(let block):
                    note(cursor)
                    cursor.skip(header)
                    if carriesNames(header) { learn(block) }
                    if block.endOffset <= offset { continue }
                    return block
                case .failure(let failure): flaw = failure
                }
            case .end: flaw = nil
            case .flaw(let found): flaw = found
            }
            if !isSecondLook {
                // The file may have grown, or been continued in another one, since it was read.
                isSecondLook = true
                cursor.refresh()
                if isForeign { try catalog.refresh() }
                continue
            }
            return try end(cursor, flaw, durable: durable)
        }
    }

    /// What a flaw, or the end of the file, at the cursor means.
    private func end(
        _ cursor: SegmentCursor, _ flaw: BlockFlaw?, durable: Offset?
    ) throws(JournalError) -> JournalBlock? {
        let limit = catalog.segment(holding: cursor.offset)?.limit
        if let durable, durable > cursor.offset {
            throw .corrupt(cursor.damage(flaw ?? .bodyShort(wanted: BlockLayout.headerBytes, present: 0)))
        }
        if limit != nil {
            throw .corrupt(cursor.damage(flaw ?? .offset(found: limit ?? 0, expected: cursor.offset)))
        }
        if let flaw, try cursor.isLoss(flaw) {
            throw .corrupt(cursor.damage(flaw))
        }
        return nil
    }

    private func carriesNames(_ header: BlockHeader) -> Bool { header.flags & BlockHeader.Flag.definitions != 0 }

    private func note(_ cursor: SegmentCursor) { segment?.note(cursor.offset, at: cursor.position) }

    /// A cursor at or before the block of `offset`, in its segment.
    private func open(_ offset: Offset) throws(JournalError) -> (SegmentCursor, limit: Offset?)? {
        guard let (wanted, limit) = catalog.segment(holding: offset) else { return nil }
        if let cursor, wanted === segment, cursor.offset <= offset { return (cursor, limit) }
        let opened: SegmentCursor
        do { opened = try SegmentCursor(path: wanted.path, firstOffset: wanted.firstOffset) } catch {
            guard isForeign, limit == nil, error.code == .corrupt, try Recovery.holdsNoBlock(path: wanted.path) else {
                throw error
            }
            return nil
        }
        if opened.header.feeds.count > feeds.count { feeds = opened.header.feeds }
        if !isForeign, let place = wanted.place(atOrBefore: offset) {
            opened.move(to: place.position, offset: place.offset)
        }
        segment = wanted
        cursor = opened
        return (opened, limit)
    }

    private func learn(_ block: JournalBlock) {
        block.forEach { record in
            guard record.kind == .define, Int(record.feed.rawValue) == feeds.count else { return }
            feeds.append(record.payloadText)
        }
    }
}
