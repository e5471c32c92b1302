internal import Platform

extension Journal {
    /// Time between two tries to write.
    static let retryNs: Int64 = 250_000_000
    /// Time between two looks at the age of segments.
    private static let retentionNs: Int64 = 10_000_000_000

    /// Writes what the sealing thread hands over, makes it durable and publishes it.
    func commitLoop() {
        while let batch = nextBatch() { finish(batch) }
    }

    /// Writes a batch and lets the next one come.
    func finish(_ batch: EncodedBatch) {
        let isWritten = commit(batch)
        batch.removeAll()
        lock.lock()
        defer { lock.unlock() }
        if !isWritten { pipeline.isAbandoned = true }
        pipeline.spare = batch
        pipeline.committerIsIdle = true
        if pipeline.sealerWaits { sealWork.signal() }
    }

    private func nextBatch() -> EncodedBatch? {
        lock.lock()
        defer { lock.unlock() }
        while true {
            if let batch = pipeline.handedOver {
                pipeline.handedOver = nil
                return batch
            }
            if pipeline.isSealed { return nil }
            if options.retainNs == nil {
                commitWork.wait()
            } else if !commitWork.wait(untilNs: Stopwatch.monotonicNs() + Self.retentionNs) {
                lock.unlock()
                applyRetention()
                lock.lock()
            }
        }
    }

    /// Writes a batch, however often it takes.
    ///
    /// - Returns: false where the journal closed while writing failed.
    private func commit(_ batch: EncodedBatch) -> Bool {
        var next = 0
        var failuresWhileClosing = 0
        while next < batch.entries.count {
            do throws(FileError) {
                let watch = Stopwatch()
                let segments = catalog.segments.count
                let end = try writer.write(batch, from: next)
                metrics.sync.record(ns: watch.elapsedNs)
                publish(batch.entries[next..<end])
                next = end
                if catalog.segments.count != segments { applyRetention() }
            } catch {
                if error.operation == "sync" { writer.abandon() }
                if stall(error) { failuresWhileClosing += 1 }
                if failuresWhileClosing == 2 { return false }
            }
        }
        return true
    }

    /// Shows that writing fails and waits for the next try.
    ///
    /// - Returns: true where the journal is closing.
    private func stall(_ error: FileError) -> Bool {
        lock.lock()
        defer { lock.unlock() }
        if condition == .running {
            Log.error("journal cannot write and acknowledges nothing until it can: \(error)", ["path": path])
        }
        condition = .stalled("\(error)")
        metrics.stalled.set(1)
        if isClosing { return true }
        let deadlineNs = Stopwatch.monotonicNs() + Self.retryNs
        while !isClosing && retryTime.wait(untilNs: deadlineNs) {}
        return false
    }

    /// Makes durable records visible.
    private func publish(_ entries: ArraySlice<EncodedBatch.Entry>) {
        let nowNs = Stopwatch.monotonicNs()
        var raw = 0
        var stored = 0
        var records = 0
        for entry in entries {
            raw += entry.header.rawBytes
            stored += entry.header.totalBytes
            records += entry.header.recordCount
            metrics.commit.record(ns: nowNs - entry.block.memory.firstAppendNs)
        }
        metrics.records.add(records)
        metrics.rawBytes.add(raw)
        metrics.storedBytes.add(stored)
        metrics.blocks.add(entries.count)
        lock.lock()
        defer { lock.unlock() }
        if condition != .running {
            Log.info("journal writes again", ["path": path])
            condition = .running
            metrics.stalled.set(0)
        }
        for entry in entries { recent.append(entry.block, limitBytes: options.recentBytes) }
        queue.pendingBytes -= raw
        if queue.waitingForDurable > 0 { durableMoved.broadcast() }
        if queue.waitingAppenders > 0 { spaceFree.broadcast() }
    }
}
