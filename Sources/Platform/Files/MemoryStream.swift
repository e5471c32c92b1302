/// Bytes in memory as a stream.
public final class MemoryStream: ByteStream {
    private let bytes: [UInt8]
    private var position = 0

    public init(_ bytes: [UInt8]) { self.bytes = bytes }

    public var fileBytesRead: Int64 { Int64(position) }

    public func read(into buffer: UnsafeMutableRawBufferPointer) throws(StreamError) -> Int {
        let count = min(buffer.count, bytes.count - position)
        guard count > 0 else { return 0 }
        unsafe buffer.copyBytes(from: bytes[position..<position + count])
        position += count
        return count
    }
}

extension ByteStream {
    /// The bytes up to the end, as long as there are not more than `limit`.
    ///
    /// - Returns: nil where there are more; what was read is lost then, and no more than `limit` and a little was held.
    public func readToEnd(limit: Int) throws(StreamError) -> [UInt8]? {
        let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 64)
        defer { unsafe piece.deallocate() }
        var bytes: [UInt8] = []
        while true {
            let count = unsafe try read(into: piece)
            if count == 0 { return bytes }
            guard bytes.count + count <= limit else { return nil }
            unsafe bytes.append(contentsOf: piece[..<count])
        }
    }
}
