internal import Platform

extension Journal {
    private enum SealStep {
        case encode(JournalBlock, into: EncodedBatch)
        case finish
    }

    /// Compresses full blocks, and the active one when a sync is due, while the commit thread writes.
    func sealLoop() {
        let encoder = BlockEncoder(compression: options.compression)
        while case .encode(let block, let batch) = nextSealStep() { encoder.encode(block, into: batch) }
    }

    /// Hands batches over until there is a block to compress, or nothing will come any more.
    private func nextSealStep() -> SealStep {
        lock.lock()
        defer { lock.unlock() }
        while true {
            if pipeline.isAbandoned { discard() }
            if pipeline.committerIsIdle, !pipeline.open.entries.isEmpty { handOver() }
            if !queue.full.isEmpty, pipeline.open.bytes.count < CommitPipeline.batchBytes {
                let (firstOffset, memory) = queue.full.removeFirst()
                return .encode(JournalBlock(firstOffset: firstOffset, memory: memory, pool: pool), into: pipeline.open)
            }
            if pipeline.committerIsIdle, queue.active.count > 0, queue.full.isEmpty {
                let dueNs = queue.active.firstAppendNs + options.syncIntervalNs
                if isClosing || (options.isEager && queue.waitingForDurable > 0) || Stopwatch.monotonicNs() >= dueNs {
                    queue.rotate(to: pool.take(0))
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

    private func handOver() {
        pipeline.handedOver = pipeline.open
        pipeline.open = pipeline.spare ?? EncodedBatch()
        pipeline.spare = nil
        pipeline.committerIsIdle = false
        commitWork.signal()
    }
}
