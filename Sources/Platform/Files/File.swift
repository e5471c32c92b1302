internal import CPlatform
internal import Glibc

/// An open file, read and written at explicit positions; closed with the object.
///
/// Every call retries after EINTR and continues short reads and writes.
///
/// - Threading: any thread; the calls carry their position, so they do not disturb each other.
public final class File: Sendable {
    /// How a file is opened.
    public enum Mode: Sendable {
        /// Must exist.
        case read
        /// Read and write; created where it is missing.
        case write
        /// Read and write; must not exist.
        case create
    }

    public let path: String
    private let descriptor: Int32

    /// Opens `path`.
    ///
    /// - Parameter direct: bypasses the page cache (O_DIRECT) where the file system can; memory, positions and
    ///   lengths of writes are then multiples of 4096.
    /// - Throws: `FileError` with the operation `open`.
    public init(_ path: String, _ mode: Mode, direct: Bool = false) throws(FileError) {
        self.path = path
        let flags: Int32 =
            switch mode {
            case .read: O_RDONLY
            case .write: O_RDWR | O_CREAT
            case .create: O_RDWR | O_CREAT | O_EXCL
            }
        descriptor = Int32(try Self.retrying("open", path) { unsafe Int(open(path, flags | O_CLOEXEC, 0o644)) })
        if direct { setDirect(true) }
    }

    deinit { close(descriptor) }

    /// Asks for O_DIRECT, or takes it back; a file system without it keeps the page cache.
    private func setDirect(_ on: Bool) {
        let flags = fcntl(descriptor, F_GETFL)
        guard flags >= 0 else { return }
        _ = fcntl(descriptor, F_SETFL, on ? flags | Self.directFlag : flags & ~Self.directFlag)
    }

    /// O_DIRECT on x86-64 and arm64 differ; glibc shows neither to Swift.
    private static var directFlag: Int32 {
        #if arch(arm64)
        0o200000
        #else
        0o40000
        #endif
    }

    /// Bytes in the file.
    public var size: Int64 {
        get throws(FileError) {
            var status = stat()
            guard unsafe fstat(descriptor, &status) == 0 else { throw .last("stat", path) }
            return Int64(status.st_size)
        }
    }

    /// Reads until `buffer` is full or the file ends.
    ///
    /// - Returns: bytes read.
    public func read(into buffer: UnsafeMutableRawBufferPointer, at position: Int64) throws(FileError) -> Int {
        var done = 0
        while done < buffer.count {
            let rest = unsafe buffer.baseAddress.map { unsafe $0 + done }
            let start = done
            let count = try Self.retrying("read", path) {
                unsafe pread(descriptor, rest, buffer.count - start, off_t(position) + off_t(start))
            }
            if count == 0 { break }
            done += count
        }
        return done
    }

    /// Up to `count` bytes from `position`; fewer where the file ends.
    public func read(_ count: Int, at position: Int64) throws(FileError) -> [UInt8] {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 8)
        defer { unsafe buffer.deallocate() }
        let done = try unsafe read(into: buffer, at: position)
        return unsafe Array(buffer[..<done])
    }

    /// Writes all of `bytes`.
    ///
    /// - Throws: `FileError` with the operation `write`; a part may have been written.
    public func write(_ bytes: UnsafeRawBufferPointer, at position: Int64) throws(FileError) {
        var done = 0
        while done < bytes.count {
            let rest = unsafe bytes.baseAddress.map { unsafe $0 + done }
            let start = done
            do {
                done += try Self.retrying("write", path) {
                    unsafe pwrite(descriptor, rest, bytes.count - start, off_t(position) + off_t(start))
                }
            } catch  where error.code == EINVAL && fcntl(descriptor, F_GETFL) & Self.directFlag != 0 {
                setDirect(false)  // the file system took the flag and refuses the write
            }
        }
    }

    /// Writes all of `bytes`.
    public func write(_ bytes: [UInt8], at position: Int64) throws(FileError) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 8)
        defer { unsafe buffer.deallocate() }
        unsafe buffer.copyBytes(from: bytes)
        try unsafe write(UnsafeRawBufferPointer(buffer), at: position)
    }

    /// Waits until the data, and the size needed to read it, are on the device (fdatasync).
    public func synchronize() throws(FileError) {
        _ = try Self.retrying("sync", path) { Int(fdatasync(descriptor)) }
    }

    /// Cuts or extends the file.
    public func truncate(to bytes: Int64) throws(FileError) {
        _ = try Self.retrying("truncate", path) { Int(ftruncate(descriptor, off_t(bytes))) }
    }

    /// Reserves the first `bytes` of the file on the device without changing its size.
    public func reserve(_ bytes: Int64) throws(FileError) {
        let code = td_allocate(descriptor, bytes, true)
        if code != 0 { throw FileError(operation: "reserve", path: path, code: code) }
    }

    /// Takes the exclusive advisory lock without waiting; it lives as long as this object.
    ///
    /// - Returns: false where another open file holds it.
    public func lockExclusively() throws(FileError) -> Bool {
        let code = td_lock_exclusive(descriptor)
        if code == EWOULDBLOCK { return false }
        if code != 0 { throw FileError(operation: "lock", path: path, code: code) }
        return true
    }

    /// Tells the system that the file will be read from front to back.
    public func adviseSequential() { _ = posix_fadvise(descriptor, 0, 0, POSIX_FADV_SEQUENTIAL) }

    private static func retrying(
        _ operation: String, _ path: String, _ call: () -> Int
    ) throws(FileError) -> Int {
        while true {
            let result = call()
            if result >= 0 { return result }
            if errno != EINTR { throw .last(operation, path) }
        }
    }
}
