internal import Platform

/// Goes through one segment and adds what it finds to a report. Goes on behind damage at the next whole block.
struct SegmentInspection {
    private let segment: Segment
    /// First offset of the next segment; nil in the newest.
    private let limit: Offset?
    private let checksBodies: Bool
    private let pool = BlockMemoryPool(blockBytes: 256 << 10, limitBytes: 1 << 20)
    private var summary: JournalReport.Segment

    init(_ segment: Segment, limit: Offset?, checksBodies: Bool) {
        self.segment = segment
        self.limit = limit
        self.checksBodies = checksBodies
        summary = JournalReport.Segment(
            path: segment.path, firstOffset: segment.firstOffset, endOffset: segment.firstOffset,
            created: Timestamp(nanoseconds: 0), fileBytes: segment.fileBytes)
    }

    /// - Throws: `corrupt` where the segment header is damaged, `io`.
    mutating func run(_ report: inout JournalReport) throws(JournalError) {
        let cursor = try SegmentCursor(path: segment.path, firstOffset: segment.firstOffset)
        summary.created = Timestamp(nanoseconds: cursor.header.createdNs)
        if cursor.header.feeds.count > report.feeds.count { report.feeds = cursor.header.feeds }
        while try step(cursor, &report) {}
        summary.endOffset = cursor.offset
        if let limit, cursor.offset != limit {
            report.damage.append(cursor.damage(.offset(found: limit, expected: cursor.offset)))
        }
        report.segments.append(summary)
    }

    /// - Returns: false at the end.
    private mutating func step(_ cursor: SegmentCursor, _ report: inout JournalReport) throws(JournalError) -> Bool {
        if let limit, cursor.offset == limit, !(try isClosingBlock(cursor)) { return false }
        switch try cursor.peek() {
        case .end: return false
        case .flaw(let flaw): return try pass(flaw, cursor, &report)
        case .block(let header):
            let hasNames = header.flags & BlockHeader.Flag.definitions != 0
            if checksBodies || hasNames {
                switch try cursor.decode(header, pool: pool) {
                case .failure(let flaw): return try pass(flaw, cursor, &report)
                case .success(let block): if hasNames { learn(block, &report) }
                }
            }
            add(header)
            cursor.skip(header)
            return true
        }
    }

    private func isClosingBlock(_ cursor: SegmentCursor) throws(JournalError) -> Bool {
        if case .block(let header) = try cursor.peek() { return header.recordCount == 0 }
        return false
    }

    /// Reports a flaw, or counts it as the rest of an unfinished write, and moves to the next block.
    ///
    /// - Returns: false where there is none.
    private func pass(
        _ flaw: BlockFlaw, _ cursor: SegmentCursor, _ report: inout JournalReport
    ) throws(JournalError) -> Bool {
        if limit == nil, try !cursor.isLoss(flaw) {
            report.unfinishedBytes = try cursor.remainder().withoutZeros
            return false
        }
        report.damage.append(cursor.damage(flaw))
        if case .offset(let found, let expected) = flaw, found > expected {
            cursor.move(to: cursor.position, offset: found)
            return true
        }
        guard let (position, header) = try cursor.findBlock(after: cursor.position), header.firstOffset >= cursor.offset
        else { return false }
        cursor.move(to: position, offset: header.firstOffset)
        return true
    }

    private func learn(_ block: JournalBlock, _ report: inout JournalReport) {
        block.forEach { record in
            if record.kind == .define && Int(record.feed.rawValue) == report.feeds.count {
                report.feeds.append(record.payloadText)
            }
        }
    }

    private mutating func add(_ header: BlockHeader) {
        guard header.recordCount > 0 else { return }
        summary.blocks += 1
        summary.rawBytes += Int64(header.rawBytes)
        summary.storedBytes += Int64(header.storedBytes)
        let earliest = Timestamp(nanoseconds: header.minimumTimeNs)
        let latest = Timestamp(nanoseconds: header.maximumTimeNs)
        summary.earliest = min(summary.earliest ?? earliest, earliest)
        summary.latest = max(summary.latest ?? latest, latest)
    }
}
