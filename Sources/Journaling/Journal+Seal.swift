internal import Platform

extension Journal {
    private enum SealStep {
        case encode(firstOffset: Offset, BlockMemory, compressing: Bool, into: EncodedBatch)
        case commit(EncodedBatch)
        case finish
    }

    /// Compresses full blocks, and the active one when a sync is due, while the commit thread writes.
    func sealLoop() {
        let encoder = BlockEncoder(compression: options.compression)
        while true {
            switch nextSealStep() {
            case .encode(let firstOffset, let memory, let compressing, let batch):
                let block = JournalBlock(firstOffset: firstOffset, memory: pool.compact(memory), pool: pool)
                encoder.encode(block, compressing: compressing, into: batch)
            case .commit(let batch): finish(batch)
            case .finish: return
            }
        }
    }

    /// Hands batches over until there is a block to compress, or nothing will come any more.
    private func nextSealStep() -> SealStep {
        lock.lock()
        defer { lock.unlock() }
        while true {
            if pipeline.isAbandoned { discard() }
            if pipeline.committerIsIdle, !pipeline.open.entries.isEmpty {
                let batch = closeBatch()
                // A small batch with nothing behind it is written here: waking the other thread would only cost time.
                if queue.full.isEmpty, batch.storedBytes <= CommitPipeline.smallBatchBytes { return .commit(batch) }
                pipeline.handedOver = batch
                commitWork.signal()
            }
            if !queue.full.isEmpty, pipeline.open.storedBytes < CommitPipeline.batchBytes {
                let compressing = pipeline.compression.compresses(
                    waitingBytes: queue.full.count * options.blockBytes, limitBytes: options.bufferBytes,
                    nowNs: Stopwatch.monotonicNs())
                let (firstOffset, memory) = queue.full.removeFirst()
                return .encode(firstOffset: firstOffset, memory, compressing: compressing, into: pipeline.open)
            }
            if pipeline.committerIsIdle, queue.active.count > 0, queue.full.isEmpty {
                let dueNs = nextSyncNs()
                if isClosing || Stopwatch.monotonicNs() >= dueNs {
                    queue.rotate(to: pool.take(options.blockBytes))
                    continue
                }
                sealerWaits { sealWork.wait(untilNs: dueNs) }
                continue
            }
            if isClosing, pipeline.committerIsIdle, queue.full.isEmpty, queue.active.count == 0 {
                pipeline.isSealed = true
                commitWork.signal()
                return .finish
            }
            pipeline.sealerWaitsForRecords = pipeline.committerIsIdle
            sealerWaits { sealWork.wait() }
            pipeline.sealerWaitsForRecords = false
        }
    }

    private func sealerWaits(_ wait: () -> Void) {
        pipeline.sealerWaits = true
        wait()
        pipeline.sealerWaits = false
    }

    /// Gives up records that could not be written before the journal closed.
    private func discard() {
        for full in queue.full { pool.recycle(full.memory) }
        queue.full = []
        queue.active.removeAll()
        pipeline.open.removeAll()
    }

    /// When the active block should be written though it is not full.
    private func nextSyncNs() -> Int64 {
        let latestNs = queue.active.firstAppendNs + options.syncIntervalNs
        guard options.isEager, queue.waitingForDurable > 0 else { return latestNs }
        return min(latestNs, pipeline.lastSyncNs + options.syncSpacingNs)
    }

    /// Takes the batch that is being filled, to be written now.
    private func closeBatch() -> EncodedBatch {
        let batch = pipeline.open
        pipeline.open = pipeline.spare ?? EncodedBatch()
        pipeline.spare = nil
        pipeline.committerIsIdle = false
        pipeline.lastSyncNs = Stopwatch.monotonicNs()
        return batch
    }
}
