internal import Glibc
internal import Platform

/// A file that has no key yet.
final class LocalUpload: ObjectUpload {
    private let path: String
    private let temporary: String
    private let operation: String
    private let file: File
    private var bytes: Int64 = 0
    private var isOpen = true

    init(_ store: LocalObjectStore, _ key: String) throws(ObjectError) {
        path = try store.path(key, "PUT")
        operation = "PUT \(path)"
        let folder = LocalObjectStore.parent(path)
        temporary = "\(folder)/\(ObjectKey.unfinished)\(UInt64.random(in: .min ... .max))"
        do throws(FileError) {
            try Self.makeFolder(folder)
            file = try File(temporary, .create)
        } catch {
            throw LocalObjectStore.error(error, operation)
        }
    }

    deinit { abort() }

    /// Makes a folder that survives a loss of power, as those above it do.
    private static func makeFolder(_ path: String) throws(FileError) {
        guard !Folder.isFolder(path) else { return }
        let parent = LocalObjectStore.parent(path)
        try makeFolder(parent)
        try Folder.create(path)
        guard Folder.isFolder(path) else { throw FileError(operation: "create folder", path: path, code: ENOTDIR) }
        try Folder.synchronize(parent)
    }

    func append(_ content: [UInt8]) throws(ObjectError) {
        try translating { () throws(FileError) in try file.write(content, at: bytes) }
        bytes += Int64(content.count)
    }

    func finish() throws(ObjectError) {
        try translating { () throws(FileError) in
            try file.synchronize()
            try Folder.rename(temporary, to: path)
            isOpen = false
            try Folder.synchronize(LocalObjectStore.parent(path))
        }
    }

    /// Makes it the object of its key unless there is one.
    ///
    /// - Returns: false where there is one.
    func finishIfAbsent() throws(ObjectError) -> Bool {
        try translating { () throws(FileError) in
            try file.synchronize()
            guard try Folder.link(temporary, to: path) else {
                guard !Folder.isFolder(path) else { throw FileError(operation: "link", path: path, code: EISDIR) }
                return false
            }
            try Folder.synchronize(LocalObjectStore.parent(path))
            return true
        }
    }

    func abort() {
        guard isOpen else { return }
        isOpen = false
        try? Folder.removeFile(temporary)
    }

    private func translating<T>(_ body: () throws(FileError) -> T) throws(ObjectError) -> T {
        do { return try body() } catch { throw LocalObjectStore.error(error, operation) }
    }
}
