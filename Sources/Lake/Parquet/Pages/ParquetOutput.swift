internal import Platform

/// The bytes of a file in order, collected so that the system is called once per megabyte.
final class ParquetOutput {
    private static let flushBytes = 1 << 20

    private let file: File
    private let path: String
    private var written: Int64 = 0
    /// What is not in the file yet.
    let pending = ByteBuffer()

    /// Opens a file, empty.
    init(_ path: String) throws(LakeError) {
        self.path = path
        file = try Self.onFile(path) { () throws(FileError) in
            let file = try File(path, .write)
            // A device has no size to cut.
            if try file.size > 0 { try file.truncate(to: 0) }
            return file
        }
    }

    /// Bytes so far.
    var position: Int64 { written + Int64(pending.count) }

    /// Writes what has been collected where that is much.
    func flushIfLarge() throws(LakeError) {
        if pending.count >= Self.flushBytes { try flush() }
    }

    func flush() throws(LakeError) {
        let (file, position, pending) = (file, written, pending)
        try Self.onFile(path) { () throws(FileError) in
            try unsafe file.write(UnsafeRawBufferPointer(pending.buffer), at: position)
        }
        written += Int64(pending.count)
        pending.removeAll()
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
