internal import Glibc
internal import Synchronization

/// Keeps a second program out until it is released, or for as long as this object lives.
final class FolderLock: Sendable {
    /// The locked file; negative once it was released.
    private let held: Atomic<CInt>

    /// - Parameter others: what to say where another program holds the lock.
    /// - Throws: `locked` then.
    init(
        _ path: String,
        others: String = "another program writes this pipeline into this lake; stop it or use another pipeline name"
    ) throws(LakeError) {
        let file = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard file >= 0 else {
            throw LakeError(.io, "cannot open: \(unsafe String(cString: strerror(errno)))", operation: path)
        }
        guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
            close(file)
            throw LakeError(.locked, others, operation: path)
        }
        held = Atomic(file)
    }

    deinit { release() }

    /// Lets others in.
    func release() {
        let file = held.exchange(-1, ordering: .acquiringAndReleasing)
        if file >= 0 { close(file) }
    }
}
