/// Numbers that `BitPacking`, `RunLengthPacking` and `DeltaBinaryPacking` put side by side, out of bytes that may be anything.
///
/// - Source: Apache Parquet format, "Encodings".
@safe
struct BitUnpacking {
    /// Bytes behind the last one that are readable, too, so that whole words can be loaded.
    static let paddingBytes = 16

    private let bytes: UnsafeRawBufferPointer
    /// Of the next byte.
    private(set) var position: Int

    /// - Precondition: the bytes live as long as this; with `paddingBytes` behind them, where more than bytes and varints is read.
    init(_ bytes: UnsafeRawBufferPointer, at position: Int = 0) {
        unsafe self.bytes = bytes
        self.position = position
    }

    var left: Int { unsafe bytes.count - position }

    mutating func byte() throws(ParquetUnreadable) -> UInt8 {
        guard unsafe position < bytes.count else { throw ParquetUnreadable("a page ends in the middle") }
        defer { position += 1 }
        return unsafe bytes[position]
    }

    mutating func varint() throws(ParquetUnreadable) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            let byte = try byte()
            value |= UInt64(byte & 0x7f) << shift
            if byte < 0x80 { return value }
        }
        throw ParquetUnreadable("a number is too long")
    }

    mutating func zigzag() throws(ParquetUnreadable) -> Int64 {
        let value = try varint()
        return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
    }

    /// Where the next bytes are.
    @unsafe private mutating func take(_ count: Int) throws(ParquetUnreadable) -> UnsafeRawPointer {
        guard count <= left, let base = unsafe bytes.baseAddress else {
            throw ParquetUnreadable("a page ends in the middle")
        }
        defer { position += count }
        return unsafe base + position
    }

    /// Bytes as they are.
    @unsafe mutating func rest(_ count: Int) throws(ParquetUnreadable) -> UnsafeRawBufferPointer {
        guard count >= 0 else { throw ParquetUnreadable("a length is negative") }
        return try unsafe UnsafeRawBufferPointer(start: take(count), count: count)
    }

    /// Runs of one number and bit-packed groups of eight.
    mutating func runs(count: Int, width: Int, into target: UnsafeMutablePointer<UInt32>) throws(ParquetUnreadable) {
        guard width <= 32 else { throw ParquetUnreadable("numbers are too wide") }
        let mask: UInt64 = 1 << UInt64(width) - 1
        var done = 0
        while done < count {
            let header = try varint()
            let length = Int(min(header >> 1, UInt64(count)))
            guard length > 0 else { throw ParquetUnreadable("a run of nothing") }
            if header & 1 == 0 {
                var value: UInt64 = 0
                for place in 0..<(width + 7) / 8 { value |= UInt64(try byte()) << UInt64(place * 8) }
                let run = min(length, count - done)
                unsafe (target + done).update(repeating: UInt32(truncatingIfNeeded: value), count: run)
                done += run
            } else {
                let source = try unsafe take(length * width)
                let run = min(length * 8, count - done)
                let to = unsafe target + done
                for place in 0..<run {
                    let bit = place &* width
                    let word = unsafe source.loadUnaligned(fromByteOffset: bit >> 3, as: UInt64.self)
                    unsafe to[place] = UInt32(truncatingIfNeeded: word &>> UInt64(bit & 7) & mask)
                }
                done += run
            }
        }
    }

    /// Differences in blocks of 128, as `DeltaBinaryPacking` writes them.
    mutating func deltas<Value: FixedWidthInteger>(
        count: Int, into target: UnsafeMutablePointer<Value>
    ) throws(ParquetUnreadable) {
        guard try varint() == 128, try varint() == 4, try varint() == UInt64(count) else {
            throw ParquetUnreadable("differences in blocks that are not written")
        }
        var value = try zigzag()
        guard count > 0 else { return }
        unsafe target[0] = Value(truncatingIfNeeded: value)
        var done = 1
        while done < count {
            let least = try zigzag()
            let widths = try unsafe take(4)
            for miniblock in 0..<4 where done < count {
                let width = Int(unsafe widths.load(fromByteOffset: miniblock, as: UInt8.self))
                guard width <= 64 else { throw ParquetUnreadable("numbers are too wide") }
                let source = try unsafe take(width * 4)
                let values = min(32, count - done)
                unsafe Self.add(source, width, least, &value, target + done, values)
                done += values
            }
        }
    }

    @inline(__always)
    private static func add<Value: FixedWidthInteger>(
        _ source: UnsafeRawPointer, _ width: Int, _ least: Int64, _ value: inout Int64,
        _ target: UnsafeMutablePointer<Value>, _ count: Int
    ) {
        var sum = value
        let mask: UInt64 = width == 64 ? ~0 : 1 << UInt64(width) - 1
        if width <= 56 {
            for place in 0..<count {
                let bit = place &* width
                let word = unsafe source.loadUnaligned(fromByteOffset: bit >> 3, as: UInt64.self)
                sum &+= least &+ Int64(bitPattern: word &>> UInt64(bit & 7) & mask)
                unsafe target[place] = Value(truncatingIfNeeded: sum)
            }
        } else {
            for place in 0..<count {
                let bit = place &* width
                let word = unsafe source.loadUnaligned(fromByteOffset: bit >> 3, as: UInt64.self)
                let next = unsafe source.loadUnaligned(fromByteOffset: bit >> 3 + 8, as: UInt8.self)
                let shift = UInt64(bit & 7)
                // Shifted in two steps: a shift by 64 is none.
                let whole = word &>> shift | (UInt64(next) << 1) << (63 - shift)
                sum &+= least &+ Int64(bitPattern: whole & mask)
                unsafe target[place] = Value(truncatingIfNeeded: sum)
            }
        }
        value = sum
    }
}
