internal import Platform

/// Measures the disk itself, for comparison with the journal on it.
public enum DiskBench {
    /// Bytes per second of one file written from front to back past the page cache, in blocks of 1 MiB into extents
    /// that did not exist, with one sync at the end.
    ///
    /// - Parameter folder: where the file is written and removed again.
    /// - Throws: `JournalError` with the code `io`.
    public static func directWrite(folder: String, bytes: Int64) throws(JournalError) -> Double {
        try withFile(folder) { file throws(FileError) in
            let block = RandomBytes(1 << 20)
            let watch = Stopwatch()
            var position: Int64 = 0
            while position < bytes {
                try unsafe file.write(block.bytes, at: position)
                position += Int64(unsafe block.bytes.count)
            }
            try file.synchronize()
            return Double(position) / watch.seconds
        }
    }

    /// Times of one write of `bytes` with its sync (fdatasync) into pages that exist, in nanoseconds, sorted.
    ///
    /// - Parameters:
    ///   - folder: where the file is written and removed again.
    ///   - perSecond: writes begun in a second, unless the disk takes longer.
    /// - Throws: `JournalError` with the code `io`.
    public static func syncTimes(
        folder: String, bytes: Int, count: Int, perSecond: Double
    ) throws(JournalError) -> [Int64] {
        try withFile(folder) { file throws(FileError) in
            let block = RandomBytes(bytes)
            let fileBytes: Int64 = 16 << 20
            for position in stride(from: 0, to: fileBytes, by: bytes) {
                try unsafe file.write(block.bytes, at: position)
            }
            try file.synchronize()
            var times: [Int64] = []
            let run = Stopwatch()
            for index in 0..<count {
                let watch = Stopwatch()
                try unsafe file.write(block.bytes, at: Int64(index) * Int64(bytes) % fileBytes)
                try file.synchronize()
                times.append(watch.elapsedNs)
                let leftNs = Int64(Double(index + 1) / perSecond * 1e9) - run.elapsedNs
                if leftNs > 0 { NamedThread.sleep(ns: leftNs) }
            }
            return times.sorted()
        }
    }

    private static func withFile<T>(
        _ folder: String, _ body: (any JournalFile) throws(FileError) -> T
    ) throws(JournalError) -> T {
        try JournalError.wrap { () throws(FileError) in
            let path = folder + "/disk-bench"
            defer { try? Folder.removeFile(path) }
            return try body(try DiskStorage().create(path))
        }
    }
}

/// Page-aligned bytes that do not compress.
@safe
private final class RandomBytes {
    let bytes: UnsafeRawBufferPointer

    init(_ count: Int) {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 4096)
        var generator = SystemRandomNumberGenerator()
        for place in stride(from: 0, to: count - 7, by: 8) {
            unsafe memory.storeBytes(of: generator.next(), toByteOffset: place, as: UInt64.self)
        }
        unsafe bytes = UnsafeRawBufferPointer(memory)
    }

    deinit { unsafe bytes.deallocate() }
}
