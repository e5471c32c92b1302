internal import Glibc

/// What is done to folders and names in them.
public enum Folder {
    /// Creates a folder and those above it; an existing one is fine.
    public static func create(_ path: String) throws(FileError) {
        if unsafe mkdir(path, 0o755) == 0 || errno == EEXIST { return }
        guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash != path.startIndex else {
            throw .last("create folder", path)
        }
        try create(String(path[..<slash]))
        if unsafe mkdir(path, 0o755) != 0 && errno != EEXIST { throw .last("create folder", path) }
    }

    /// The names in a folder, without `.` and `..`, sorted.
    public static func names(_ path: String) throws(FileError) -> [String] {
        guard let stream = unsafe opendir(path) else { throw .last("list", path) }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// The names in a folder with whether each is a folder itself, without `.` and `..`, in no order.
    public static func entries(_ path: String) throws(FileError) -> [(name: String, isFolder: Bool)] {
        guard let stream = unsafe opendir(path) else { throw .last("list", path) }
        defer { unsafe closedir(stream) }
        var entries: [(name: String, isFolder: Bool)] = []
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            guard name != "." && name != ".." else { continue }
            // Some file systems do not say what a name stands for, and a link stands for what it leads to.
            let kind = unsafe Int(entry.pointee.d_type)
            let isKnown = kind == DT_DIR || kind == DT_REG
            entries.append((name, isKnown ? kind == DT_DIR : isFolder(path + "/" + name)))
        }
        return entries
    }

    /// Whether there is a folder of this name.
    public static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// Makes durable whatever was written to any file before.
    public static func synchronizeAll() { sync() }

    /// Waits until names created, renamed and removed in the folder are on the device.
    public static func synchronize(_ path: String) throws(FileError) {
        let descriptor = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .last("open", path) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw .last("sync folder", path) }
    }

    /// Removes a file.
    public static func removeFile(_ path: String) throws(FileError) {
        guard unsafe unlink(path) == 0 else { throw .last("remove", path) }
    }

    /// Renames a file, replacing what has the new name.
    public static func rename(_ path: String, to other: String) throws(FileError) {
        guard unsafe Glibc.rename(path, other) == 0 else { throw .last("rename", path) }
    }

    /// Gives a file a second name, unless something has that name.
    ///
    /// - Returns: false where something has it.
    public static func link(_ path: String, to other: String) throws(FileError) -> Bool {
        if unsafe Glibc.link(path, other) == 0 { return true }
        guard errno == EEXIST else { throw .last("link", path) }
        return false
    }

    /// Size and last change of a file.
    public static func status(_ path: String) throws(FileError) -> (bytes: Int64, changed: Timestamp) {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { throw .last("stat", path) }
        let changed = Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec)
        return (Int64(status.st_size), Timestamp(nanoseconds: changed))
    }
}

/// The number of this process.
public func currentProcessID() -> Int32 { getpid() }
