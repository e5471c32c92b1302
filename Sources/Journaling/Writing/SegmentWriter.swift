internal import Platform

/// Writes blocks to segment files and makes them durable.
///
/// Writes are whole pages of 4096 bytes, past the page cache: the last, partly filled page is kept in memory and
/// written again together with what follows it.
///
/// - Threading: one thread at a time.
@safe
final class SegmentWriter: @unchecked Sendable {  // used by one thread at a time: see CommitPipeline
    static let pageBytes: Int64 = 4096
    /// Space is reserved on the device in steps of this, so that a sync need not allocate.
    private static let reserveBytes: Int64 = 32 << 20
    /// Zeros written ahead of small writes: a sync of pages that exist already need not wait for the file system's own
    /// journal, which takes half as long again and is shared with everything else on the disk.
    private static let zeroBytes = 128 << 10
    /// Writes from this size on get no zeros ahead: they would cost more than the sync.
    private static let largeWriteBytes = 128 << 10

    /// A batch is written in pieces of about this size, so that the same memory, still in the processor's caches, is
    /// used for all of them.
    private static let pieceBytes = 1 << 20

    private let storage: any JournalStorage
    private let catalog: SegmentCatalog
    private let segmentBytes: Int64
    /// Feed names to repeat at the start of a segment.
    private let feeds: @Sendable () -> [String]

    private var file: (any JournalFile)?
    private(set) var segment: Segment?
    private var salt: UInt32 = 0
    /// Where the next block goes.
    private var position: Int64 = 0
    private var reserved: Int64 = 0
    /// The file has pages up to here.
    private var zeroed: Int64 = 0
    /// All records before this offset are on the device.
    private(set) var durableOffset: Offset
    /// Page-aligned memory for one write.
    private var staging: UnsafeMutableRawBufferPointer
    /// What precedes `position` in its page.
    private let partialPage: UnsafeMutableRawBufferPointer

    init(
        catalog: SegmentCatalog, storage: any JournalStorage, segmentBytes: Int64, nextOffset: Offset,
        feeds: @escaping @Sendable () -> [String]
    ) {
        self.catalog = catalog
        self.storage = storage
        self.segmentBytes = segmentBytes
        self.feeds = feeds
        durableOffset = nextOffset
        unsafe staging = .allocate(byteCount: 2 * Self.pieceBytes, alignment: Int(Self.pageBytes))
        unsafe partialPage = .allocate(byteCount: Int(Self.pageBytes), alignment: 8)
    }

    deinit {
        unsafe staging.deallocate()
        unsafe partialPage.deallocate()
    }

    /// Goes on where a repaired segment ends.
    func resume(_ end: Recovery.End) throws(JournalError) {
        try JournalError.wrap { () throws(FileError) in
            file = try storage.open(end.segment.path)
            let pageStart = end.position / Self.pageBytes * Self.pageBytes
            let reader = try File(end.segment.path, .read)
            _ = try unsafe reader.read(into: partialPage, at: pageStart)
        }
        segment = end.segment
        salt = end.header.salt
        position = end.position
    }

    /// Bytes in the current segment.
    var currentBytes: Int64 { position }

    /// Writes as many blocks of the batch, from entry `start`, as the segment takes, and waits until they are durable.
    ///
    /// - Returns: the entry to go on with.
    /// - Throws: `FileError`; the same call may be repeated, nothing of this call counts as written.
    func write(_ batch: EncodedBatch, from start: Int) throws(FileError) -> Int {
        let first = Int64(batch.entries[start].header.totalBytes)
        if let segment, segment.firstOffset < durableOffset, position + first > segmentBytes { try seal() }
        if file == nil { try begin() }
        var (base, used) = restage()
        var index = start
        var isSmall = true
        while index < batch.entries.count {
            let total = batch.entries[index].header.totalBytes
            if index > start && base + Int64(used + total) > segmentBytes { break }
            used = stage(batch, index, at: used)
            index += 1
            if used >= Self.pieceBytes {
                isSmall = false
                (base, used) = try writePages(used, at: base)
            }
        }
        try flush(used, at: base, zerosAhead: isSmall && used < Self.largeWriteBytes)
        for entry in batch.entries[start..<index] {
            segment?.note(entry.header.firstOffset, at: position)
            position += Int64(entry.header.totalBytes)
        }
        durableOffset = batch.entries[index - 1].header.endOffset
        return index
    }

    /// Copies one block into the staging memory at `used`.
    ///
    /// - Returns: the staging bytes used now.
    private func stage(_ batch: EncodedBatch, _ index: Int, at used: Int) -> Int {
        var header = batch.entries[index].header
        header.durableOffset = durableOffset
        let end = used + header.totalBytes
        makeRoom(end, keeping: used)
        unsafe header.encode(
            into: UnsafeMutableRawBufferPointer(rebasing: staging[used...]), salt: salt)
        let bodyStart = used + BlockLayout.headerBytes
        let target = unsafe UnsafeMutableRawBufferPointer(rebasing: staging[bodyStart..<end])
        unsafe target.copyMemory(from: batch.body(batch.entries[index]))
        unsafe UnsafeMutableRawBufferPointer(rebasing: target[header.storedBytes...])
            .initializeMemory(as: UInt8.self, repeating: 0)
        return end
    }

    private func makeRoom(_ bytes: Int, keeping used: Int) {
        let needed = roundedUp(bytes, to: Int(Self.pageBytes))
        guard unsafe needed > staging.count else { return }
        let grown = UnsafeMutableRawBufferPointer.allocate(
            byteCount: roundedUp(needed, to: 1 << 20), alignment: Int(Self.pageBytes))
        unsafe UnsafeMutableRawBufferPointer(rebasing: grown[..<used])
            .copyMemory(from: UnsafeRawBufferPointer(rebasing: staging[..<used]))
        unsafe staging.deallocate()
        unsafe staging = grown
    }

    /// Begins a write with the page that is partly filled.
    ///
    /// - Returns: where the page lies in the file, and the staging bytes used.
    private func restage() -> (base: Int64, used: Int) {
        let used = Int(position % Self.pageBytes)
        unsafe staging.copyMemory(from: UnsafeRawBufferPointer(rebasing: partialPage[..<used]))
        return (position - Int64(used), used)
    }

    /// Writes the whole pages of the first `used` staged bytes and moves what is left to the start.
    ///
    /// - Returns: where the staged bytes lie in the file now, and how many they are.
    private func writePages(_ used: Int, at base: Int64) throws(FileError) -> (base: Int64, used: Int) {
        let partial = used % Int(Self.pageBytes)
        let whole = used - partial
        try writeStaged(whole, at: base)
        unsafe staging.copyMemory(from: UnsafeRawBufferPointer(rebasing: staging[whole..<used]))
        return (base + Int64(whole), partial)
    }

    private func writeStaged(_ bytes: Int, at base: Int64) throws(FileError) {
        guard let file else { preconditionFailure("no segment is open") }
        reserve(base + Int64(bytes))
        try unsafe file.write(UnsafeRawBufferPointer(rebasing: staging[..<bytes]), at: base)
    }

    /// Writes the first `used` staged bytes, padded with zeros to whole pages, and waits until all that was written is
    /// durable. Then keeps the last, partial page for the next write.
    ///
    /// - Parameter zerosAhead: whether the next writes shall find their pages.
    private func flush(_ used: Int, at base: Int64, zerosAhead: Bool = true) throws(FileError) {
        var padded = roundedUp(used, to: Int(Self.pageBytes))
        if zerosAhead { padded += zerosWanted(behind: base + Int64(padded)) }
        makeRoom(padded, keeping: used)
        unsafe UnsafeMutableRawBufferPointer(rebasing: staging[used..<padded])
            .initializeMemory(as: UInt8.self, repeating: 0)
        if padded > 0 { try writeStaged(padded, at: base) }
        try file?.synchronize()
        zeroed = max(zeroed, base + Int64(padded))
        let partial = used % Int(Self.pageBytes)
        unsafe partialPage.copyMemory(from: UnsafeRawBufferPointer(rebasing: staging[used - partial..<used]))
    }

    /// Bytes of zeros to write behind `end`; none where pages exist already or the segment ends.
    private func zerosWanted(behind end: Int64) -> Int {
        end > zeroed && end + Int64(Self.zeroBytes) <= segmentBytes ? Self.zeroBytes : 0
    }

    private func reserve(_ end: Int64) {
        guard end > reserved else { return }
        reserved = min(roundedUp(end, to: Self.reserveBytes), max(segmentBytes, end))
        try? file?.reserve(reserved)  // where the file system cannot, or is nearly full, the write itself decides
    }

    /// Creates the next segment.
    private func begin() throws(FileError) {
        let next = Segment(folder: catalog.folder, firstOffset: durableOffset)
        let header = SegmentHeader(
            firstOffset: durableOffset, createdNs: Timestamp.now().nanoseconds, salt: .random(in: .min ... .max),
            feeds: feeds())
        let bytes = header.encoded()
        if (try? Folder.status(next.path)) != nil {
            try storage.rename(next.path, to: TornFile.path(beside: next.path, position: 0))
        }
        file = try storage.create(next.path)
        salt = header.salt
        position = 0
        reserved = 0
        zeroed = 0
        do {
            makeRoom(bytes.count, keeping: 0)
            unsafe bytes.withUnsafeBytes { unsafe staging.copyMemory(from: $0) }
            try flush(bytes.count, at: 0)
            try storage.synchronizeFolder(catalog.folder)
        } catch {
            file = nil  // the next try moves what there is of it aside
            throw error
        }
        position = Int64(header.totalBytes)
        segment = next
        catalog.append(next)
    }

    /// Ends the current segment: it is never written again.
    func seal() throws(FileError) {
        guard let file else { return }
        try writeClosingBlock()
        try file.truncate(to: position)
        try file.synchronize()
        self.file = nil
    }

    /// Writes a block without records that says that all before it was durable, so that damage to the last records of
    /// a segment that was closed is never taken for an unfinished write.
    private func writeClosingBlock() throws(FileError) {
        var header = BlockHeader()
        header.flags = BlockHeader.Flag.closing
        header.firstOffset = durableOffset
        header.durableOffset = durableOffset
        let (base, used) = restage()
        unsafe header.encode(into: UnsafeMutableRawBufferPointer(rebasing: staging[used...]), salt: salt)
        try flush(used + BlockLayout.headerBytes, at: base, zerosAhead: false)
        position += Int64(BlockLayout.headerBytes)
    }

    /// Leaves a segment whose sync failed: what the device holds of the last write is unknown, so it is cut off, and
    /// the next write goes to a new file.
    func abandon() {
        guard let file, let segment else { return }
        if segment.firstOffset < durableOffset {
            try? file.truncate(to: position)
        } else {
            catalog.remove(segment)  // nothing durable is in it; `begin` moves it aside, since it needs the name
        }
        self.file = nil
        self.segment = nil
    }
}
