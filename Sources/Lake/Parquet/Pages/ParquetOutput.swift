internal import Platform

/// The bytes of a file in order, collected so that the system is called once per megabyte.
///
/// Whole blocks go to the device directly. In the page cache they would wait for each other at the end, and the journal's
/// commits for them.
@safe
final class ParquetOutput {
    private static let flushBytes = 1 << 20
    private static let blockBytes = 4096

    private let file: File
    private let path: String
    private var written: Int64 = 0
    /// What is not in the file yet.
    let pending = ByteBuffer()
    /// What direct writes are made from, since they need whole blocks of memory.
    private let blocks: UnsafeMutableRawBufferPointer

    /// Opens a file, empty.
    init(_ path: String) throws(LakeError) {
        self.path = path
        file = try Self.onFile(path) { () throws(FileError) in
            let file = try File(path, .write, direct: true)
            // A device has no size to cut.
            if try file.size > 0 { try file.truncate(to: 0) }
            return file
        }
        unsafe blocks = .allocate(byteCount: Self.flushBytes, alignment: Self.blockBytes)
    }

    deinit { unsafe blocks.deallocate() }

    /// Bytes so far.
    var position: Int64 { written + Int64(pending.count) }

    /// Writes what has been collected where that is much.
    func flushIfLarge() throws(LakeError) {
        if pending.count >= Self.flushBytes { try writeBlocks(pending.count / Self.flushBytes * Self.flushBytes) }
    }

    /// Writes all that has been collected; nothing can be appended afterwards.
    func finish() throws(LakeError) {
        let end = position
        let partial = pending.count % Self.blockBytes
        if partial > 0 { for _ in partial..<Self.blockBytes { pending.append(0) } }
        try writeBlocks(pending.count)
        let file = file
        if partial > 0 { try Self.onFile(path) { () throws(FileError) in try file.truncate(to: end) } }
        written = end
    }

    /// Writes the first `count` bytes, whole blocks, of what has been collected.
    private func writeBlocks(_ count: Int) throws(LakeError) {
        var done = 0
        while done < count {
            let bytes = min(Self.flushBytes, count - done)
            unsafe blocks.baseAddress?.copyMemory(from: pending.pointer + done, byteCount: bytes)
            let (file, position) = (file, written)
            let block = unsafe UnsafeRawBufferPointer(rebasing: blocks[..<bytes])
            try Self.onFile(path) { () throws(FileError) in try unsafe file.write(block, at: position) }
            written += Int64(bytes)
            done += bytes
        }
        pending.removeFirst(done)
    }

    /// Makes the file's content durable; its name is the folder's.
    func synchronize() throws(LakeError) {
        let file = file
        try Self.onFile(path) { () throws(FileError) in try file.synchronize() }
    }

    private static func onFile<T>(_ path: String, _ body: () throws(FileError) -> T) throws(LakeError) -> T {
        do {
            return try body()
        } catch {
            throw LakeError(.io, error.description, operation: path, cause: error)
        }
    }
}
