internal import Platform

extension Journal {
    /// A reader of durable records from `offset` on, which waits for new ones.
    ///
    /// - Throws: `outOfRange` where retention deleted the offset, or no such record was appended yet.
    public func makeReader(from offset: Offset) throws(JournalError) -> JournalReader {
        guard offset >= oldestOffset else { throw .gone(offset, oldest: oldestOffset) }
        guard offset <= nextOffset else {
            throw JournalError(.outOfRange, "offset \(offset) is beyond the end of the journal, \(nextOffset)")
        }
        return JournalReader(live: self, catalog: catalog, pool: pool, from: offset)
    }

    /// Waits for durable records behind `offset`.
    ///
    /// - Returns: the end of the durable records; nil on time-out, or where the journal closed before.
    func waitForRecords(from offset: Offset, timeoutNs: Int64?) -> Offset? {
        lock.lock()
        defer { lock.unlock() }
        if recent.endOffset <= offset {
            if timeoutNs == 0 { return nil }
            let deadlineNs = timeoutNs.map { Stopwatch.monotonicNs().addingReportingOverflow($0).partialValue }
            waitForDurable(until: deadlineNs) { recent.endOffset > offset }
        }
        return recent.endOffset > offset ? recent.endOffset : nil
    }

    func recentBlock(holding offset: Offset) -> JournalBlock? {
        lock.withLock { recent.block(holding: offset) }
    }
}
