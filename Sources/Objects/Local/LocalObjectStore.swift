internal import Glibc
public import Platform

/// Objects as files below a folder, which is made where it is missing.
///
/// A file gets its name once its content is on the disk: renamed over the old one, or linked where there must be none. Its folder
/// is synced before a call returns.
/// - Threading: any thread, and several programs.
public final class LocalObjectStore: ObjectStore {
    /// Where the files are.
    public let folder: String
    private let meter: UsageMeter?

    /// - Parameters:
    ///   - folder: absolute, or relative to the working directory.
    ///   - meter: counts what is put.
    public init(_ folder: String, meter: UsageMeter? = nil) {
        self.meter = meter
        var folder = folder[...]
        while folder.count > 1, folder.hasSuffix("/") { folder = folder.dropLast() }
        self.folder = String(folder)
    }

    public var description: String { folder }

    public func put(_ key: String, _ content: [UInt8], type: String) throws(ObjectError) {
        meter?.add(bytes: content.count)
        let upload = try LocalUpload(self, key)
        do throws(ObjectError) {
            try upload.append(content)
            try upload.finish()
        } catch {
            upload.abort()
            throw error
        }
    }

    public func putIfAbsent(_ key: String, _ content: [UInt8], type: String) throws(ObjectError) -> Bool {
        meter?.add(bytes: content.count)
        let upload = try LocalUpload(self, key)
        defer { upload.abort() }
        try upload.append(content)
        return try upload.finishIfAbsent()
    }

    public func upload(_ key: String, type: String) throws(ObjectError) -> any ObjectUpload {
        try LocalUpload(self, key)
    }

    public func get(_ key: String, range: Range<Int64>?) throws(ObjectError) -> [UInt8]? {
        let path = try path(key, "GET")
        do throws(FileError) {
            guard !Folder.isFolder(path) else { return nil }
            let file = try File(path, .read)
            let size = try file.size
            let start = min(range?.lowerBound ?? 0, size)
            return try file.read(Int(min(range?.upperBound ?? size, size) - start), at: start)
        } catch {
            if error.code == ENOENT || error.code == ENOTDIR { return nil }
            throw Self.error(error, "GET \(path)")
        }
    }

    public func head(_ key: String) throws(ObjectError) -> ObjectSummary? {
        let path = try path(key, "HEAD")
        do throws(FileError) {
            guard !Folder.isFolder(path) else { return nil }
            return try summary(key)
        } catch {
            if error.code == ENOENT || error.code == ENOTDIR { return nil }
            throw Self.error(error, "HEAD \(path)")
        }
    }

    public func list(prefix: String, after: String, limit: Int) throws(ObjectError) -> ObjectPage {
        let limit = min(limit, ObjectPage.limitMax)
        do throws(FileError) {
            var keys = LocalKeys(folder, prefix: prefix, after: after, limit: limit + 1)
            try keys.collect("")
            var objects: [ObjectSummary] = []
            for key in keys.found.prefix(limit) {
                // A file that was removed meanwhile was listed before that.
                do throws(FileError) { objects.append(try summary(key)) } catch { if !error.isMissing { throw error } }
            }
            return ObjectPage(objects: objects, next: keys.found.count > limit ? keys.found[limit - 1] : nil)
        } catch {
            throw Self.error(error, "LIST \(folder)/\(prefix)")
        }
    }

    public func delete(_ key: String) throws(ObjectError) {
        let path = try path(key, "DELETE")
        do throws(FileError) {
            guard !Folder.isFolder(path) else { return }
            try Folder.removeFile(path)
            try Folder.synchronize(Self.parent(path))
        } catch {
            if error.code == ENOENT || error.code == ENOTDIR { return }
            throw Self.error(error, "DELETE \(path)")
        }
    }

    private func summary(_ key: String) throws(FileError) -> ObjectSummary {
        let status = try Folder.status(folder + "/" + key)
        return ObjectSummary(
            key: key, bytes: status.bytes, tag: "\(status.changed.nanoseconds)-\(status.bytes)",
            modified: status.changed)
    }

    func path(_ key: String, _ method: String) throws(ObjectError) -> String {
        try ObjectKey.check(key, operation: "\(method) \(folder)/\(key)")
        return folder + "/" + key
    }

    static func parent(_ path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    static func error(_ error: FileError, _ operation: String) -> ObjectError {
        let kind: ObjectError.Kind =
            switch error.code {
            case EACCES, EPERM, EROFS: .denied
            case EISDIR, ENOTDIR, EEXIST, ENAMETOOLONG, EINVAL: .refused
            default: .unavailable
            }
        let isTaken = [EISDIR, ENOTDIR, EEXIST].contains(error.code)
        let hint = isTaken ? ": of two keys, one cannot be the folder of the other here" : ""
        return ObjectError(kind, "\(error)\(hint)", operation: operation)
    }
}
