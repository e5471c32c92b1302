internal import Platform

/// Gives the lines of a file one after the other, each with its line break.
///
/// - Threading: one thread at a time.
protocol LineSource: AnyObject {
    /// The next line, valid until the next call; nil at the end.
    @unsafe func next() throws(StreamError) -> UnsafeRawBufferPointer?
    /// Bytes of the file on disk that were read so far.
    var fileBytesRead: Int64 { get }
}

/// The lines of a file from the last to the first: those of a file that is newest first, in the order of time.
///
/// A last line without line break gets one, since another line follows it now.
///
/// - Shape: memory for one read and the longest line, whatever the length of the file.
/// - Threading: one thread at a time.
@safe
final class BackwardLineReader: LineSource {
    private let file: File
    /// Where the first line starts that belongs to the data.
    private let first: Int64
    /// Position in the file of the start of `buffer`'s content.
    private var position: Int64
    private var buffer: UnsafeMutableRawBufferPointer
    /// The content that was not given out lies at `start..<end`.
    private var start: Int
    private var end: Int
    private var isLast = true
    private let total: Int64
    private let fileBytes: Int64
    private static let readBytes = 256 << 10
    private static let longestLine = 16 << 20

    /// - Parameters:
    ///   - file: a plain file.
    ///   - first: bytes at its beginning that are no data, such as a header.
    ///   - fileBytes: bytes of the file on disk that this is the content of, for progress.
    init(_ file: File, from first: Int64, fileBytes: Int64) throws(StreamError) {
        self.file = file
        self.first = first
        self.fileBytes = fileBytes
        do {
            total = try file.size
        } catch {
            throw StreamError(path: file.path, error.reason)
        }
        position = total
        unsafe buffer = .allocate(byteCount: 2 * Self.readBytes, alignment: 64)
        unsafe start = buffer.count - 1
        end = start
    }

    deinit { unsafe buffer.deallocate() }

    var fileBytesRead: Int64 {
        total > 0 ? Int64(Double(fileBytes) * Double(total - position) / Double(total)) : fileBytes
    }

    @unsafe
    func next() throws(StreamError) -> UnsafeRawBufferPointer? {
        /// Bytes before `end` that are known to have no line break but the line's own.
        var searched = 1
        while true {
            var place = end - searched
            while place > start, unsafe buffer[place - 1] != 10 { place -= 1 }
            if place > start || (position <= first && end > start) { return unsafe take(from: max(place, start)) }
            guard position > first else { return nil }
            searched = max(1, end - start)
            guard searched < Self.longestLine else {
                throw StreamError(path: file.path, "a line is longer than \(Self.longestLine) bytes")
            }
            try readBefore()
        }
    }

    /// The line from `place` to the end of what is left.
    private func take(from place: Int) -> UnsafeRawBufferPointer {
        var lineEnd = end
        if isLast, unsafe buffer[end - 1] != 10 {
            unsafe buffer[end] = 10  // there is room: the content ends one byte before the buffer
            lineEnd += 1
        }
        isLast = false
        end = place
        return unsafe UnsafeRawBufferPointer(rebasing: buffer[place..<lineEnd])
    }

    /// Puts what stands before the content in front of it.
    private func readBefore() throws(StreamError) {
        let count = Int(min(Int64(Self.readBytes), position - first))
        if start < count { makeRoom(count) }
        let from = position - Int64(count)
        do {
            let target = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[start - count..<start])
            let read = unsafe try file.read(into: target, at: from)
            guard read == count else { throw StreamError(path: file.path, "it became shorter while it was read") }
        } catch let error as FileError {
            throw StreamError(path: file.path, error.reason)
        } catch {
            throw error as? StreamError ?? StreamError(path: file.path, "\(error)")
        }
        position = from
        start -= count
    }

    /// Moves the content to the end of the buffer, or of a larger one.
    private func makeRoom(_ count: Int) {
        let old = unsafe buffer
        let length = end - start
        let needed = count + length + 1
        if needed > old.count {
            unsafe buffer = .allocate(byteCount: max(needed, 2 * old.count), alignment: 64)
        }
        let newStart = unsafe buffer.count - 1 - length
        unsafe buffer.baseAddress?.advanced(by: newStart).copyMemory(
            from: old.baseAddress!.advanced(by: start), byteCount: length)
        if needed > old.count { unsafe old.deallocate() }
        start = newStart
        end = newStart + length
    }
}

/// An unpacked copy of a stream on disk, gone when it is closed.
enum TemporaryCopy {
    /// Writes the stream into a file without a name in the folder for temporary files.
    static func make(of stream: any ByteStream, path: String, folder: String) throws(StreamError) -> File {
        let name = "\(folder)/tapedeck-\(UInt64.random(in: .min ... .max)).unpacked"
        do {
            let file = try File(name, .create)
            try Folder.removeFile(name)
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 4096)
            defer { unsafe buffer.deallocate() }
            var position: Int64 = 0
            while true {
                let count = unsafe try stream.read(into: buffer)
                if count == 0 { return file }
                unsafe try file.write(UnsafeRawBufferPointer(rebasing: buffer[..<count]), at: position)
                position += Int64(count)
            }
        } catch let error as FileError {
            throw StreamError(
                path: path, "it is newest first and packed, and cannot be unpacked into \(folder): \(error.reason)")
        } catch {
            throw error as? StreamError ?? StreamError(path: path, "\(error)")
        }
    }
}
