internal import Platform

/// Cuts a stream into lines, each with its line break, as they stand in the file.
///
/// - Shape: memory for one read and the longest line.
/// - Threading: one thread at a time.
@safe
final class LineReader: LineSource {
    private let stream: any ByteStream
    private let path: String
    private var buffer: UnsafeMutableRawBufferPointer
    private var start = 0
    private var end = 0
    private var isAtEnd = false
    /// A line longer than this is an error: the file is not made of lines.
    private static let longestLine = 16 << 20

    init(_ stream: any ByteStream, path: String) {
        self.stream = stream
        self.path = path
        unsafe buffer = .allocate(byteCount: 256 << 10, alignment: 64)
    }

    deinit { unsafe buffer.deallocate() }

    /// Bytes of the file on disk that were read so far.
    var fileBytesRead: Int64 { stream.fileBytesRead }

    /// The next line, valid until the next call; nil at the end.
    @unsafe
    func next() throws(StreamError) -> UnsafeRawBufferPointer? {
        var searched = 0
        while true {
            let rest = unsafe UnsafeRawBufferPointer(rebasing: buffer[start + searched..<end])
            let length = unsafe TextLines.lengthOfLine(rest)
            if length < rest.count {
                let line = unsafe UnsafeRawBufferPointer(rebasing: buffer[start..<start + searched + length + 1])
                start += line.count
                return unsafe line
            }
            if isAtEnd {
                guard end > start else { return nil }
                defer { start = end }
                return unsafe UnsafeRawBufferPointer(rebasing: buffer[start..<end])
            }
            searched = end - start
            guard searched < Self.longestLine else {
                throw StreamError(path: path, "a line is longer than \(Self.longestLine) bytes")
            }
            try refill()
        }
    }

    private func refill() throws(StreamError) {
        if start > 0 {
            unsafe buffer.baseAddress?.copyMemory(from: buffer.baseAddress! + start, byteCount: end - start)
            end -= start
            start = 0
        }
        if unsafe end == buffer.count {
            let larger = unsafe UnsafeMutableRawBufferPointer.allocate(byteCount: buffer.count * 2, alignment: 64)
            unsafe larger.copyMemory(from: UnsafeRawBufferPointer(buffer))
            unsafe buffer.deallocate()
            unsafe buffer = larger
        }
        let count = unsafe try stream.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[end...]))
        end += count
        isAtEnd = count == 0
    }
}
