internal import Platform

/// A part of a file in memory, moved along as it is read.
///
/// - Threading: one thread at a time.
@safe
final class FileWindow {
    private let file: File
    private var memory: UnsafeMutableRawBufferPointer
    private var start: Int64 = 0
    private var count = 0
    /// Bytes read at once.
    private static let readBytes = 1 << 20

    init(_ file: File) {
        self.file = file
        unsafe memory = .allocate(byteCount: Self.readBytes, alignment: 4096)
    }

    deinit { unsafe memory.deallocate() }

    /// Drops what is in memory, because the file may have grown.
    func forget() { count = 0 }

    /// `wanted` bytes from `position`; fewer where the file ends. Valid until the next call.
    func bytes(at position: Int64, _ wanted: Int) throws(JournalError) -> UnsafeRawBufferPointer {
        if position < start || position + Int64(wanted) > start + Int64(count) {
            try move(to: position, wanted)
        }
        let from = Int(position - start)
        return unsafe UnsafeRawBufferPointer(rebasing: memory[min(from, count)..<min(from + wanted, count)])
    }

    /// Reads on from `position`, and keeps what is in memory of it already.
    private func move(to position: Int64, _ wanted: Int) throws(JournalError) {
        let end = start + Int64(count)
        let kept = position >= start && position <= end ? Int(end - position) : 0
        let from = count - kept
        if unsafe memory.count < wanted {
            let larger = UnsafeMutableRawBufferPointer.allocate(
                byteCount: roundedUp(wanted, to: Self.readBytes), alignment: 4096)
            unsafe larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: memory[from..<count]))
            unsafe memory.deallocate()
            unsafe memory = larger
        } else if kept > 0, from > 0 {
            unsafe memory.baseAddress?.copyMemory(from: memory.baseAddress! + from, byteCount: kept)
        }
        start = position
        count = kept
        let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: memory[kept...])
        count += try JournalError.wrap { () throws(FileError) in
            try unsafe file.read(into: rest, at: position + Int64(kept))
        }
    }
}
