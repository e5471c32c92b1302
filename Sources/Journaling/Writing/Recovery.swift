internal import Platform

/// What opening a journal found and repaired.
public struct RecoveryReport: Sendable, Equatable {
    /// The offset that the next record gets.
    public var nextOffset: Offset = 0
    /// Segment files found.
    public var segments = 0
    /// Bytes cut from the end of the newest segment because the write that they belong to never finished. None of them
    /// was acknowledged.
    public var tornBytes: Int64 = 0
    /// Where those bytes are kept; nil where there were none.
    public var tornFile: String?
    /// Zeros cut behind them: space prepared for writes that never came, as every killed writer leaves it.
    public var zeroBytes: Int64 = 0
    /// How long it took.
    public var nanoseconds: Int64 = 0
}

/// Finds the end of a journal and repairs it.
struct Recovery {
    /// Where writing goes on.
    struct End {
        var segment: Segment
        var header: SegmentHeader
        var position: Int64
    }

    let catalog: SegmentCatalog
    let storage: any JournalStorage
    private(set) var report = RecoveryReport()
    /// Names of the feeds 0, 1, 2 …
    private(set) var feeds: [String] = []
    /// Where writing goes on; nil where a new segment is needed.
    private(set) var end: End?

    /// Scans the newest segment, cuts a torn tail, and makes what is left durable.
    ///
    /// - Parameters:
    ///   - firstOffset: the first record's, where there is no segment.
    ///   - firstFeeds: names of its feeds.
    /// - Throws: `corrupt` where acknowledged data is damaged; nothing is changed then.
    init(
        catalog: SegmentCatalog, storage: any JournalStorage, firstOffset: Offset = 0, firstFeeds: [String] = []
    ) throws(JournalError) {
        self.catalog = catalog
        self.storage = storage
        let watch = Stopwatch()
        report.segments = catalog.segments.count
        if let last = catalog.segments.last {
            if try Self.holdsNoBlock(path: last.path) {
                try setAside(last)
                try scanSealedEnd()
            } else {
                try repair(last)
            }
        } else {
            report.nextOffset = firstOffset
            feeds = firstFeeds
        }
        report.nanoseconds = watch.elapsedNs
    }

    /// True where a segment file has neither a whole header nor anything like a block: its creation never finished.
    static func holdsNoBlock(path: String) throws(JournalError) -> Bool {
        try JournalError.wrap { () throws(FileError) in
            let file = try File(path, .read)
            if (try? SegmentHeader(of: file)) != nil { return false }
            return try !hasBlockMagic(file)
        }
    }

    private static func hasBlockMagic(_ file: File) throws(FileError) -> Bool {
        let size = try file.size
        let chunkBytes = 1 << 20
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: chunkBytes, alignment: 8)
        defer { unsafe memory.deallocate() }
        var position: Int64 = 0
        while position < size {
            let count = try unsafe file.read(into: memory, at: position)
            for at in stride(from: 0, to: count - 3, by: BlockLayout.alignment)
            where unsafe UnsafeRawBufferPointer(memory).integer(at: at, as: UInt32.self) == BlockLayout.magic {
                return true
            }
            position += Int64(count)
            if count < chunkBytes { break }
        }
        return false
    }

    /// Moves a segment whose creation never finished out of the way.
    private mutating func setAside(_ segment: Segment) throws(JournalError) {
        let bytes = segment.fileBytes
        let target = TornFile.path(beside: segment.path, position: 0)
        try JournalError.wrap { () throws(FileError) in
            try storage.rename(segment.path, to: target)
            try storage.synchronizeFolder(catalog.folder)
        }
        catalog.remove(segment)
        report.nextOffset = segment.firstOffset
        report.tornBytes = bytes
        report.tornFile = target
    }

    /// Reads names and end of the newest whole segment behind one that was set aside.
    private mutating func scanSealedEnd() throws(JournalError) {
        guard let last = catalog.segments.last else { return }
        let cursor = try SegmentCursor(path: last.path, firstOffset: last.firstOffset)
        feeds = cursor.header.feeds
        let flaw = try scan(cursor, last)
        guard cursor.offset == report.nextOffset else {
            throw .corrupt(cursor.damage(flaw ?? .offset(found: report.nextOffset, expected: cursor.offset)))
        }
    }

    private mutating func repair(_ last: Segment) throws(JournalError) {
        let cursor = try SegmentCursor(path: last.path, firstOffset: last.firstOffset)
        feeds = cursor.header.feeds
        if let flaw = try scan(cursor, last), try cursor.isLoss(flaw) {
            throw .corrupt(cursor.damage(flaw))
        }
        try cut(cursor)
        report.nextOffset = cursor.offset
        end = End(segment: last, header: cursor.header, position: cursor.position)
    }

    /// Moves the cursor behind the last whole block and learns the names defined on the way.
    ///
    /// - Returns: what stopped it; nil at the end of the file.
    private mutating func scan(_ cursor: SegmentCursor, _ segment: Segment) throws(JournalError) -> BlockFlaw? {
        let pool = BlockMemoryPool(blockBytes: 1 << 16, limitBytes: 0)
        while true {
            switch try cursor.peek() {
            case .end: return nil
            case .flaw(let flaw): return flaw
            case .block(let header):
                if let flaw = try cursor.check(header) { return flaw }
                if header.flags & BlockHeader.Flag.definitions != 0 {
                    switch try cursor.decode(header, pool: pool) {
                    case .failure(let flaw): return flaw
                    case .success(let block): learn(block)
                    }
                }
                segment.note(cursor.offset, at: cursor.position)
                cursor.skip(header)
            }
        }
    }

    private mutating func learn(_ block: JournalBlock) {
        block.forEach { record in
            if record.kind == .define && Int(record.feed.rawValue) == feeds.count { feeds.append(record.payloadText) }
        }
    }

    /// Keeps what lies behind the cursor in a side file, then cuts it.
    private mutating func cut(_ cursor: SegmentCursor) throws(JournalError) {
        let (bytes, withoutZeros) = try cursor.remainder()
        if withoutZeros > 0 {
            // To the end of the page: zeros may be the last bytes of the write.
            let lastPage = roundedUp(cursor.position + withoutZeros, to: SegmentWriter.pageBytes)
            report.tornBytes = min(bytes, lastPage - cursor.position)
            report.tornFile = try keep(cursor.file, cursor.position, report.tornBytes)
        }
        report.zeroBytes = bytes - report.tornBytes
        let file = try JournalError.wrap { () throws(FileError) in try storage.open(cursor.file.path) }
        try JournalError.wrap { () throws(FileError) in
            if bytes > 0 { try file.truncate(to: cursor.position) }
            try file.synchronize()
            try storage.synchronizeFolder(catalog.folder)
        }
    }

    private func keep(_ file: File, _ position: Int64, _ bytes: Int64) throws(JournalError) -> String {
        try JournalError.wrap { () throws(FileError) in
            let path = TornFile.path(beside: file.path, position: position)
            let target = try File(path, .create)
            let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 8)
            defer { unsafe memory.deallocate() }
            var done: Int64 = 0
            while done < bytes {
                let part = unsafe UnsafeMutableRawBufferPointer(rebasing: memory[..<Int(min(1 << 20, bytes - done))])
                let count = try unsafe file.read(into: part, at: position + done)
                if count == 0 { break }
                try unsafe target.write(UnsafeRawBufferPointer(rebasing: part[..<count]), at: done)
                done += Int64(count)
            }
            try target.synchronize()
            return path
        }
    }
}
