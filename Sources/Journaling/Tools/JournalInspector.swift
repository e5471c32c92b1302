internal import Platform

/// Looks into a journal folder without its writer's lock.
public enum JournalInspector {
    /// Whether a program has the journal open for writing.
    public static func isBeingWritten(_ path: String) -> Bool {
        do { _ = try WriterLock(folder: path) } catch { return error.code == .locked }
        return false
    }

    /// The oldest offset kept in a journal; 0 where it is empty.
    public static func oldestOffset(_ path: String) throws(JournalError) -> Offset {
        try SegmentCatalog(folder: path).segments.first?.firstOffset ?? 0
    }

    /// What a journal holds. Reads block headers, and the few blocks that name feeds.
    ///
    /// - Throws: `io`. Damage is reported, not thrown.
    public static func info(path: String) throws(JournalError) -> JournalReport {
        try inspect(path, checksBodies: false)
    }

    /// What a journal holds, with every block decompressed and every record's checksum compared; `damage` lists all
    /// that is wrong.
    ///
    /// - Throws: `io`. Damage is reported, not thrown.
    public static func verify(path: String) throws(JournalError) -> JournalReport {
        try inspect(path, checksBodies: true)
    }

    /// Calls `body` with the records from `offset` (nil: the oldest) on, and the name of each one's feed.
    ///
    /// - Parameter limit: records at most; nil: all.
    /// - Throws: `corrupt` at the first damage, `outOfRange`, `io`, and what `body` throws.
    public static func dump(
        path: String, from offset: Offset? = nil, limit: Int? = nil,
        _ body: (JournalBlock.Record, _ feedName: String) throws -> Void
    ) throws {
        let reader = try JournalReader(path: path, from: offset ?? oldestOffset(path))
        var left = limit ?? .max
        while left > 0, let block = try reader.next() {
            for index in reader.startIndex..<block.count where left > 0 {
                let record = block[index]
                try body(record, reader.feedName(record.feed))
                left -= 1
            }
            withExtendedLifetime(block) {}
        }
    }

    private static func inspect(_ path: String, checksBodies: Bool) throws(JournalError) -> JournalReport {
        var report = JournalReport(path: path)
        let names = try JournalError.wrap { () throws(FileError) in try Folder.names(path) }
        report.tornFiles = names.filter { $0.hasSuffix(".torn") }.map { path + "/" + $0 }
        let segments = try SegmentCatalog(folder: path).segments
        for (index, segment) in segments.enumerated() {
            let limit = index + 1 < segments.count ? segments[index + 1].firstOffset : nil
            var inspection = SegmentInspection(segment, limit: limit, checksBodies: checksBodies)
            do throws(JournalError) { try inspection.run(&report) } catch {
                guard let damage = error.damage else { throw error }
                if limit == nil, try Recovery.holdsNoBlock(path: segment.path) {
                    report.unfinishedBytes = segment.fileBytes
                } else {
                    report.damage.append(damage)
                }
            }
        }
        return report
    }
}
