internal import Platform

extension Journal {
    /// Says that all records before `offset` have been committed by whoever reads the journal. Retention deletes
    /// nothing from here on, and nothing at all before this was called once. The last call counts.
    public func retain(from offset: Offset) {
        lock.withLock { retainFrom = offset }
        applyRetention()
    }

    /// Deletes whole segments, oldest first, that the options no longer ask for.
    func applyRetention() {
        guard options.retainBytes != nil || options.retainNs != nil else { return }
        retentionLock.withLock {
            var bytes = self.bytes
            while let (oldest, endOffset) = oldestSealed(), isExpired(oldest, bytes),
                lock.withLock({ retainFrom }) >= endOffset
            {
                bytes -= oldest.fileBytes
                do throws(FileError) { try removeFile(oldest.path) } catch {
                    Log.warning("journal cannot delete an expired segment: \(error)")
                    return
                }
                catalog.remove(oldest)
            }
        }
    }

    /// The oldest segment that is not being written, and the offset behind it.
    private func oldestSealed() -> (Segment, endOffset: Offset)? {
        let segments = catalog.segments
        return segments.count > 1 ? (segments[0], segments[1].firstOffset) : nil
    }

    private func isExpired(_ segment: Segment, _ bytes: Int64) -> Bool {
        if let limit = options.retainBytes, bytes > limit { return true }
        guard let limitNs = options.retainNs, let changed = segment.changed else { return false }
        return Timestamp.now().nanoseconds - changed.nanoseconds > limitNs
    }
}
