internal import Platform

/// Writes the frames of a made-up market to a file, one to a line: the input of comparisons with other programs.
public enum SyntheticFile {
    /// - Parameter trades: how many in all.
    /// - Returns: bytes written.
    /// - Throws: `FileError`.
    public static func write(_ options: SyntheticTrades.Options, trades: Int, to path: String) throws -> Int64 {
        let file = try File(path, .write)
        try file.truncate(to: 0)
        var market = SyntheticTrades(options)
        defer { market.free() }
        let buffer = Column<UInt8>(capacity: 1 << 20)
        var position: Int64 = 0
        var left = trades
        while left > 0 {
            left -= unsafe market.next(atMost: left) { payload in
                unsafe buffer.append(contentsOf: payload)
                buffer.append(UInt8(ascii: "\n"))
            }
            if buffer.count > 1_000_000 || left == 0 {
                try unsafe file.write(UnsafeRawBufferPointer(buffer.buffer), at: position)
                position += Int64(buffer.count)
                buffer.removeAll()
            }
        }
        return position
    }
}
