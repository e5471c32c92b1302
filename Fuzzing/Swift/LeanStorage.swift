import Journaling
import Platform

/// Files as they are, but without space reserved ahead, which in memory costs more than all the rest.
struct LeanStorage: JournalStorage {
    private let disk = DiskStorage()

    private struct LeanFile: JournalFile {
        let file: any JournalFile
        func write(_ bytes: UnsafeRawBufferPointer, at position: Int64) throws(FileError) {
            try file.write(bytes, at: position)
        }
        func synchronize() throws(FileError) {}
        func reserve(_ bytes: Int64) throws(FileError) {}
        func truncate(to bytes: Int64) throws(FileError) { try file.truncate(to: bytes) }
    }

    func create(_ path: String) throws(FileError) -> any JournalFile { LeanFile(file: try disk.create(path)) }
    func open(_ path: String) throws(FileError) -> any JournalFile { LeanFile(file: try disk.open(path)) }
    func synchronizeFolder(_ path: String) throws(FileError) {}
    func remove(_ path: String) throws(FileError) { try disk.remove(path) }
    func rename(_ path: String, to other: String) throws(FileError) { try disk.rename(path, to: other) }
}
