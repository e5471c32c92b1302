internal import Platform

/// Reads a journal from an offset on, block by block.
///
/// A reader made by `Journal.makeReader` sees durable records only and waits for new ones. A reader made from a path
/// needs no lock and ends at the last whole block; calling `next` again later shows what was written since.
///
/// - Threading: one thread at a time.
public final class JournalReader: @unchecked Sendable {  // one thread at a time, by contract
    private let live: Journal?
    private let walk: SegmentWalk
    /// The offset wanted next.
    public private(set) var nextOffset: Offset
    /// The first record wanted in the block that `next` returned last; not 0 where the reader started inside it.
    public private(set) var startIndex = 0

    /// Opens a journal for reading without its writer's lock.
    ///
    /// - Throws: `io` where there is no such folder, `outOfRange` where retention deleted the offset.
    public init(path: String, from offset: Offset) throws(JournalError) {
        live = nil
        let catalog = try SegmentCatalog(folder: path)
        walk = SegmentWalk(
            catalog: catalog, pool: BlockMemoryPool(blockBytes: Journal.Options().blockBytes, limitBytes: 4 << 20),
            isForeign: true)
        nextOffset = offset
        if let oldest = catalog.segments.first?.firstOffset, offset < oldest {
            throw .gone(offset, oldest: oldest)
        }
    }

    init(live: Journal, catalog: SegmentCatalog, pool: BlockMemoryPool, from offset: Offset) {
        self.live = live
        walk = SegmentWalk(catalog: catalog, pool: pool, isForeign: false)
        nextOffset = offset
    }

    /// The next block.
    ///
    /// - Parameter timeoutNs: how long a live reader waits for records; nil: until the journal closes.
    /// - Returns: nil on time-out and at the end (of a file being read, or of a journal that was closed).
    /// - Throws: `corrupt` where acknowledged data is damaged, `outOfRange` where retention overtook this reader.
    public func next(timeoutNs: Int64? = nil) throws(JournalError) -> JournalBlock? {
        let block: JournalBlock?
        if let live {
            guard let durable = live.waitForRecords(from: nextOffset, timeoutNs: timeoutNs) else { return nil }
            if let recent = live.recentBlock(holding: nextOffset) {
                block = recent
            } else {
                guard nextOffset >= live.oldestOffset else { throw .gone(nextOffset, oldest: live.oldestOffset) }
                do throws(JournalError) { block = try walk.block(holding: nextOffset, durable: durable) } catch {
                    // Retention may have deleted the file between the two looks.
                    throw nextOffset < live.oldestOffset ? .gone(nextOffset, oldest: live.oldestOffset) : error
                }
            }
        } else {
            block = try walk.block(holding: nextOffset, durable: nil)
        }
        guard let block else { return nil }
        startIndex = Int(nextOffset - block.firstOffset)
        nextOffset = block.endOffset
        return block
    }

    /// The name of a feed; `feed 7` where the reader has not met its definition.
    public func feedName(_ feed: FeedID) -> String {
        if let name = live?.feedName(feed) { return name }
        let index = Int(feed.rawValue)
        return index < walk.feeds.count ? walk.feeds[index] : "feed \(index)"
    }
}

extension JournalError {
    static func gone(_ offset: Offset, oldest: Offset) -> JournalError {
        JournalError(
            .outOfRange, "offset \(offset) was deleted by retention, the oldest one kept is \(oldest)")
    }
}
