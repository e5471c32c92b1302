/// Bytes read from front to back.
///
/// - Threading: one thread at a time.
public protocol ByteStream: AnyObject {
    /// Reads up to `buffer.count` bytes.
    ///
    /// - Returns: bytes read; 0 only at the end.
    /// - Throws: `StreamError` where the file cannot be read or is damaged.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws(StreamError) -> Int
    /// Bytes of the file on disk that were read so far, for progress.
    var fileBytesRead: Int64 { get }
}

/// A stream cannot be read on; says which and why.
public struct StreamError: Error, Sendable, CustomStringConvertible {
    public let path: String
    public let message: String

    public init(path: String, _ message: String) {
        self.path = path
        self.message = message
    }

    public var description: String { "cannot read \(path): \(message)" }
}

/// A part of a file as a stream.
public final class FileStream: ByteStream {
    private let file: File
    private var position: Int64
    private let start: Int64
    private let end: Int64

    /// - Parameter range: positions in the file; nil for all of it.
    public init(_ file: File, _ range: Range<Int64>? = nil) throws(StreamError) {
        self.file = file
        do {
            let size = try file.size
            start = range?.lowerBound ?? 0
            end = min(range?.upperBound ?? size, size)
            position = start
        } catch {
            throw StreamError(path: file.path, error.reason)
        }
    }

    /// Opens a file and reads it from the start.
    public convenience init(path: String) throws(StreamError) {
        do {
            let file = try File(path, .read)
            file.adviseSequential()
            try self.init(file)
        } catch let error as FileError {
            throw StreamError(path: path, error.reason)
        } catch {
            throw error as? StreamError ?? StreamError(path: path, "\(error)")
        }
    }

    public var fileBytesRead: Int64 { position - start }

    public func read(into buffer: UnsafeMutableRawBufferPointer) throws(StreamError) -> Int {
        let wanted = Int(min(Int64(buffer.count), end - position))
        guard wanted > 0 else { return 0 }
        do {
            let count = unsafe try file.read(
                into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<wanted]), at: position)
            position += Int64(count)
            return count
        } catch {
            throw StreamError(path: file.path, error.reason)
        }
    }
}
