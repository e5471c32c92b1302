package import Platform

/// What the writer of a journal asks of the file system. Tests put a faulty one in its place.
package protocol JournalStorage: Sendable {
    /// Creates a file that must not exist.
    func create(_ path: String) throws(FileError) -> any JournalFile
    /// Opens a file that exists, to continue it.
    func open(_ path: String) throws(FileError) -> any JournalFile
    /// Waits until changes of names in the folder are on the device.
    func synchronizeFolder(_ path: String) throws(FileError)
    func remove(_ path: String) throws(FileError)
    func rename(_ path: String, to other: String) throws(FileError)
}

/// A segment file being written.
package protocol JournalFile: Sendable {
    /// Writes all bytes; memory, position and length are multiples of 4096.
    func write(_ bytes: UnsafeRawBufferPointer, at position: Int64) throws(FileError)
    /// Waits until what was written is on the device.
    func synchronize() throws(FileError)
    /// Reserves space for the first `bytes` of the file; failing is harmless.
    func reserve(_ bytes: Int64) throws(FileError)
    func truncate(to bytes: Int64) throws(FileError)
}

extension File: JournalFile {}

/// Real files, written past the page cache where the file system can.
package struct DiskStorage: JournalStorage {
    package init() {}
    package func create(_ path: String) throws(FileError) -> any JournalFile { try File(path, .create, direct: true) }
    package func open(_ path: String) throws(FileError) -> any JournalFile { try File(path, .write, direct: true) }
    package func synchronizeFolder(_ path: String) throws(FileError) { try Folder.synchronize(path) }
    package func remove(_ path: String) throws(FileError) { try Folder.removeFile(path) }
    package func rename(_ path: String, to other: String) throws(FileError) { try Folder.rename(path, to: other) }
}
