internal import Glibc

/// Keeps a second program out for as long as this object lives.
final class FolderLock: Sendable {
    private let file: CInt

    /// - Throws: `locked` where another program holds the lock.
    init(_ path: String) throws(LakeError) {
        file = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard file >= 0 else {
            throw LakeError(.io, "cannot open: \(unsafe String(cString: strerror(errno)))", operation: path)
        }
        guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
            close(file)
            throw LakeError(
                .locked, "another program writes this pipeline into this lake; stop it or use another pipeline name",
                operation: path)
        }
    }

    deinit { close(file) }
}
