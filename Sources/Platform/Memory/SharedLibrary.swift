internal import Glibc

/// A native library loaded at run time.
///
/// - Threading: any thread.
@safe
public final class SharedLibrary: @unchecked Sendable {  // the handle is immutable and dlsym is thread-safe
    /// Where it was loaded from.
    public let path: String
    private let handle: UnsafeMutableRawPointer

    /// Loads `path`.
    ///
    /// - Parameter global: makes its symbols visible to libraries loaded later.
    /// - Throws: `SharedLibraryError` naming the file and the loader's reason.
    public init(path: String, global: Bool = false) throws(SharedLibraryError) {
        self.path = path
        let flags = RTLD_NOW | (global ? RTLD_GLOBAL : RTLD_LOCAL)
        guard let handle = unsafe dlopen(path, flags) else {
            throw SharedLibraryError(path: path, reason: Self.lastError())
        }
        unsafe self.handle = handle
    }

    /// A function or variable by name, as the C type `T`.
    ///
    /// - Throws: `SharedLibraryError` where the library has no such symbol.
    @unsafe
    public func symbol<T>(_ name: String, as type: T.Type) throws(SharedLibraryError) -> T {
        guard let address = unsafe dlsym(handle, name) else {
            throw SharedLibraryError(path: path, reason: "no symbol \(name)")
        }
        return unsafe unsafeBitCast(address, to: type)
    }

    private static func lastError() -> String {
        guard let text = unsafe dlerror() else { return "unknown reason" }
        return unsafe String(cString: text)
    }
}

/// A native library could not be loaded or lacks a symbol.
public struct SharedLibraryError: Error, CustomStringConvertible {
    public let path: String
    public let reason: String
    public var description: String { "cannot use library \(path): \(reason); `make doctor` shows what is installed" }
}
