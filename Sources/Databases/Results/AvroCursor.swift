/// A place in memory where values are written as Avro writes them; whoever makes it has seen to it that there is room.
///
/// - Source: Apache Avro 1.11 specification, "Binary Encoding".
@safe
struct AvroCursor {
    private(set) var end: UnsafeMutablePointer<UInt8>

    init(_ end: UnsafeMutablePointer<UInt8>) { unsafe self.end = unsafe end }

    /// Bytes that a value of fixed width, or the length of another, takes at most.
    static let valueBytesMax = 10

    @inline(__always)
    mutating func byte(_ value: UInt8) {
        unsafe end.pointee = value
        unsafe end += 1
    }

    /// An integer: seven bits a byte, the lowest first, the sign as the lowest of all.
    @inline(__always)
    mutating func integer(_ value: Int64) {
        var rest = UInt64(bitPattern: value << 1 ^ value >> 63)
        while rest >= 0x80 {
            byte(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        byte(UInt8(truncatingIfNeeded: rest))
    }

    @inline(__always)
    mutating func double(_ value: Double) {
        unsafe UnsafeMutableRawPointer(end).storeBytes(of: value.bitPattern.littleEndian, as: UInt64.self)
        unsafe end += 8
    }

    /// A text or bytes, behind their length.
    @inline(__always)
    mutating func bytes(_ value: UnsafeRawBufferPointer) {
        integer(Int64(value.count))
        guard let start = value.baseAddress else { return }
        unsafe UnsafeMutableRawPointer(end).copyMemory(from: start, byteCount: value.count)
        unsafe end += value.count
    }

    /// A decimal number in its smallest unit: two's complement, the highest byte first, in as few bytes as hold it.
    @inline(__always)
    mutating func decimal(_ units: Int64) {
        let bits = 65 - (units ^ units >> 63).leadingZeroBitCount
        let count = (bits + 7) / 8
        integer(Int64(count))
        for place in (0..<count).reversed() { byte(UInt8(truncatingIfNeeded: units >> (8 * place))) }
    }
}
