internal import Platform

/// Bytes under construction; emptied and used again, so that writing a page allocates nothing once it has grown.
typealias ByteBuffer = Column<UInt8>

extension Column<UInt8> {
    /// Appends an unsigned number in groups of seven bits, the lowest first (ULEB128).
    func appendVarint(_ value: UInt64) {
        reserve(10)
        var rest = value
        var end = count
        while rest >= 0x80 {
            unsafe pointer[end] = UInt8(truncatingIfNeeded: rest) | 0x80
            rest >>= 7
            end += 1
        }
        unsafe pointer[end] = UInt8(truncatingIfNeeded: rest)
        truncateOrExtend(to: end + 1)
    }

    /// Appends a signed number as a varint that is short where the number is near zero.
    func appendZigzag(_ value: Int64) { appendVarint(UInt64(bitPattern: (value &<< 1) ^ (value >> 63))) }

    /// Appends the low bytes of a number, the lowest first.
    func appendLittleEndian(_ value: UInt64, bytes: Int) {
        reserve(8)
        unsafe UnsafeMutableRawPointer(pointer + count).storeBytes(of: value.littleEndian, as: UInt64.self)
        truncateOrExtend(to: count + bytes)
    }

    func append(_ text: String) {
        var text = text
        text.withUTF8 { unsafe append(contentsOf: UnsafeRawBufferPointer($0)) }
    }

    /// Appends the bytes of another buffer.
    func append(_ other: Column<UInt8>) { unsafe append(contentsOf: UnsafeRawBufferPointer(other.buffer)) }

    /// The memory behind the last byte, with room for at least `bytes` and the padding of a column.
    @unsafe func room(_ bytes: Int) -> UnsafeMutableRawPointer {
        reserve(bytes)
        return unsafe UnsafeMutableRawPointer(pointer + count)
    }
}
