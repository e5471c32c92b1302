public import Platform

extension Journal {
    /// Takes a record. It is durable when `durableOffset` has passed the returned offset.
    ///
    /// The bytes are copied. While `Options.bufferBytes` of records wait for the device, this waits.
    ///
    /// - Returns: the record's offset.
    /// - Throws: `tooLarge`; `stopped` after `close`.
    @discardableResult
    public func append(
        _ kind: RecordKind, feed: FeedID, ingestTime: Timestamp, payload: UnsafeRawBufferPointer
    ) throws(JournalError) -> Offset {
        guard payload.count <= Self.payloadBytesMax else {
            throw JournalError(
                .tooLarge, "record has \(payload.count) bytes, at most \(Self.payloadBytesMax) are taken")
        }
        let header = unsafe RecordHeader(kind: kind, feed: feed, timeNs: ingestTime.nanoseconds, payload: payload)
        let total = RecordLayout.headerBytes + payload.count
        lock.lock()
        defer { lock.unlock() }
        while queue.pendingBytes > 0 && queue.pendingBytes + total > options.bufferBytes && !isClosing {
            queue.waitingAppenders += 1
            spaceFree.wait()
            queue.waitingAppenders -= 1
        }
        return try unsafe take(header, payload)
    }

    /// Whether records are written, and less than half of the room for waiting ones is in use.
    public var isIdle: Bool { lock.withLock { condition == .running && queue.pendingBytes < options.bufferBytes / 2 } }

    /// Takes a record where less than half of the room for waiting ones is in use, and never waits: for what may rather be
    /// left out than hold up others.
    ///
    /// - Returns: the record's offset; nil where it was not taken.
    /// - Throws: `stopped` after `close`.
    public func appendWhereIdle(
        _ kind: RecordKind, feed: FeedID, ingestTime: Timestamp, payload: UnsafeRawBufferPointer
    ) throws(JournalError) -> Offset? {
        let header = unsafe RecordHeader(kind: kind, feed: feed, timeNs: ingestTime.nanoseconds, payload: payload)
        lock.lock()
        defer { lock.unlock() }
        guard queue.pendingBytes + RecordLayout.headerBytes + payload.count < options.bufferBytes / 2 else {
            return nil
        }
        return try unsafe take(header, payload)
    }

    /// Takes a record for which there is room. The lock is held.
    @inline(__always)
    private func take(_ header: RecordHeader, _ payload: UnsafeRawBufferPointer) throws(JournalError) -> Offset {
        guard !isClosing else { throw .stopped }
        let total = RecordLayout.headerBytes + payload.count
        if queue.active.count + total > options.blockBytes { makeRoom(total) }
        let isFirst = queue.active.count == 0
        if isFirst { queue.active.firstAppendNs = Stopwatch.monotonicNs() }
        unsafe queue.active.append(header, payload)
        queue.pendingBytes += total
        let offset = queue.nextOffset
        queue.nextOffset += 1
        if isFirst && pipeline.sealerWaitsForRecords { sealWork.signal() }
        return offset
    }

    /// Starts a new active block that takes `bytes`.
    private func makeRoom(_ bytes: Int) {
        if queue.active.count > 0 {
            queue.rotate(to: pool.take(max(bytes, options.blockBytes)))
            if pipeline.sealerWaits { sealWork.signal() }
        } else if queue.active.capacity < bytes {
            queue.active = pool.take(bytes)
        }
    }

    /// Takes a record and waits until it is durable.
    @discardableResult
    public func appendAndWait(
        _ kind: RecordKind, feed: FeedID, ingestTime: Timestamp, payload: UnsafeRawBufferPointer
    ) throws(JournalError) -> Offset {
        let offset = try unsafe append(kind, feed: feed, ingestTime: ingestTime, payload: payload)
        try waitUntilDurable(offset)
        return offset
    }

    /// Waits until the record at `offset`, and all before it, are durable.
    ///
    /// - Throws: `stopped` where the journal closed without writing it.
    public func waitUntilDurable(_ offset: Offset) throws(JournalError) {
        lock.lock()
        defer { lock.unlock() }
        waitForDurable(until: nil) { recent.endOffset > offset }
        if recent.endOffset <= offset { throw .stopped }
    }

    /// Waits until `isDone`, the deadline, or the end. The lock is held on entry and return.
    func waitForDurable(until deadlineNs: Int64?, _ isDone: () -> Bool) {
        guard !isDone() else { return }
        queue.waitingForDurable += 1
        if pipeline.sealerWaits { sealWork.signal() }
        while !isDone() && condition != .closed {
            if let deadlineNs {
                if !durableMoved.wait(untilNs: deadlineNs) { break }
            } else {
                durableMoved.wait()
            }
        }
        queue.waitingForDurable -= 1
    }
}
