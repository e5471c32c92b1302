internal import Glibc

/// A file operation failed: which, on what, and the system's reason.
public struct FileError: Error, Sendable, CustomStringConvertible {
    /// The operation, for example `write`.
    public let operation: String
    /// The file or folder.
    public let path: String
    /// The system's error number (`errno`).
    public let code: Int32

    public init(operation: String, path: String, code: Int32) {
        self.operation = operation
        self.path = path
        self.code = code
    }

    /// The error of the call that failed just now on this thread.
    static func last(_ operation: String, _ path: String) -> FileError {
        FileError(operation: operation, path: path, code: errno)
    }

    /// True where there is no such file or folder.
    public var isMissing: Bool { code == ENOENT }

    /// The system's words for `code`.
    public var reason: String {
        guard let text = unsafe strerror(code) else { return "error \(code)" }
        return unsafe String(cString: text)
    }

    public var description: String { "cannot \(operation) \(path): \(reason) (errno \(code))" }
}
