internal import Glibc
internal import Platform

/// File operations whose effect survives a power cut, because they sync the file and its folder.
enum DurableFile {
    /// Makes a folder and those above it.
    static func makeFolder(_ path: String) throws(LakeError) {
        var place = path.hasPrefix("/") ? "" : "."
        for part in path.split(separator: "/") {
            let parent = place
            place += "/" + part
            if unsafe mkdir(place, 0o755) == 0 {
                try syncFolder(parent.isEmpty ? "/" : parent)
            } else if errno != EEXIST {
                throw failure("cannot make the folder", place)
            }
        }
    }

    /// The path without links and dots; the file must exist.
    static func resolve(_ path: String) throws(LakeError) -> String {
        guard let resolved = unsafe realpath(path, nil) else { throw failure("cannot find", path) }
        defer { unsafe free(resolved) }
        return unsafe String(cString: resolved)
    }

    /// Makes a file's content durable.
    static func sync(_ path: String) throws(LakeError) {
        let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw failure("cannot open", path) }
        defer { close(file) }
        guard fsync(file) == 0 else { throw failure("cannot sync", path) }
    }

    /// Makes names added to or removed from a folder durable.
    static func syncFolder(_ path: String) throws(LakeError) { try sync(path) }

    /// Writes a new file and makes its content durable.
    static func write(_ bytes: [UInt8], to path: String) throws(LakeError) {
        try writing(path, durably: true) { (output) throws(LakeError) in try output(bytes) }
    }

    /// Writes a new file piece by piece, by a body that hands them over.
    ///
    /// - Parameter durably: whether its content is durable when this returns.
    static func writing<T>(
        _ path: String, durably: Bool = false,
        _ body: (_ output: ([UInt8]) throws(LakeError) -> Void) throws(LakeError) -> T
    ) throws(LakeError) -> T {
        let file = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard file >= 0 else { throw failure("cannot create", path) }
        defer { close(file) }
        let result = try body { (bytes) throws(LakeError) in
            var written = 0
            while written < bytes.count {
                let count = unsafe bytes.withUnsafeBytes { buffer in
                    unsafe Glibc.write(file, buffer.baseAddress! + written, buffer.count - written)
                }
                if count < 0 && errno == EINTR { continue }
                guard count > 0 else { throw failure("cannot write", path) }
                written += count
            }
        }
        guard !durably || fsync(file) == 0 else { throw failure("cannot sync", path) }
        return result
    }

    /// Gives a file its final name; the folder must be synced afterwards.
    static func rename(_ path: String, to target: String) throws(LakeError) {
        guard unsafe Glibc.rename(path, target) == 0 else { throw failure("cannot rename to \(target)", path) }
    }

    /// Gives a file a second name unless that name is taken.
    ///
    /// - Returns: false where it is taken.
    static func linkIfAbsent(_ path: String, to target: String) throws(LakeError) -> Bool {
        if unsafe link(path, target) == 0 { return true }
        if errno == EEXIST { return false }
        throw failure("cannot link to \(target)", path)
    }

    static func remove(_ path: String) { unsafe unlink(path) }

    /// Names in a folder, in no order; empty where there is no such folder.
    static func names(in path: String) throws(LakeError) -> [String] { try entries(in: path).map(\.name) }

    /// The same, with whether each is a folder itself.
    static func entries(in path: String) throws(LakeError) -> [(name: String, isFolder: Bool)] {
        do {
            return try Folder.entries(path)
        } catch {
            if error.code == ENOENT { return [] }
            throw failure("cannot list", path, error.code)
        }
    }

    /// Size in bytes and time of the last change in milliseconds since 1970.
    static func status(_ path: String) throws(LakeError) -> (bytes: Int64, modifiedMs: Int64) {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { throw failure("cannot find", path) }
        let time = status.st_mtim
        return (Int64(status.st_size), Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }

    static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

    /// The bytes of a file; nil where there is none.
    static func read(_ path: String) throws(LakeError) -> [UInt8]? {
        let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            if errno == ENOENT { return nil }
            throw failure("cannot open", path)
        }
        defer { close(file) }
        var bytes: [UInt8] = []
        var status = stat()
        if unsafe fstat(file, &status) == 0 { bytes.reserveCapacity(Int(status.st_size)) }
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = unsafe Glibc.read(file, &chunk, chunk.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw failure("cannot read", path) }
            guard count > 0 else { return bytes }
            bytes += chunk[..<count]
        }
    }

    private static func failure(_ action: String, _ path: String, _ code: Int32 = errno) -> LakeError {
        let reason = unsafe String(cString: strerror(code))
        return LakeError(.io, "\(action): \(reason)", operation: path)
    }
}
