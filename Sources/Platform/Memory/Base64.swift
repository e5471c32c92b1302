/// Base64 with padding (RFC 4648 section 4).
public enum Base64 {
    private static let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    /// Two digits for each value of twelve bits, the first one in the lower byte.
    private static let pairs: [UInt16] = (0..<4096).map {
        UInt16(digits[$0 >> 6]) | UInt16(digits[$0 & 63]) << 8
    }

    /// Bytes of the text of `count` bytes.
    public static func count(of count: Int) -> Int { (count + 2) / 3 * 4 }

    /// Writes the text of some bytes.
    ///
    /// - Parameter end: where to write; there is room for `count(of:)` bytes.
    /// - Returns: bytes written.
    public static func encode(_ bytes: UnsafeRawBufferPointer, to end: UnsafeMutablePointer<UInt8>) -> Int {
        let whole = bytes.count / 3
        let out = UnsafeMutableRawPointer(end)
        unsafe pairs.withUnsafeBufferPointer { pairs in
            for group in 0..<whole {
                let first = unsafe UInt32(bytes[3 * group])
                let value = unsafe first << 16 | UInt32(bytes[3 * group + 1]) << 8 | UInt32(bytes[3 * group + 2])
                let two = unsafe UInt32(pairs[Int(value >> 12)]) | UInt32(pairs[Int(value & 4095)]) << 16
                unsafe out.storeBytes(of: two.littleEndian, toByteOffset: 4 * group, as: UInt32.self)
            }
        }
        let left = bytes.count - 3 * whole
        guard left > 0 else { return 4 * whole }
        let last = unsafe end + 4 * whole
        let first = unsafe Int(bytes[3 * whole])
        let second = unsafe left == 2 ? Int(bytes[3 * whole + 1]) : 0
        unsafe last[0] = digits[first >> 2]
        unsafe last[1] = digits[(first & 3) << 4 | second >> 4]
        unsafe last[2] = left == 2 ? digits[(second & 15) << 2] : UInt8(ascii: "=")
        unsafe last[3] = UInt8(ascii: "=")
        return 4 * whole + 4
    }

    /// The text of some bytes.
    public static func encode(_ bytes: [UInt8]) -> String {
        let text = unsafe [UInt8](unsafeUninitializedCapacity: count(of: bytes.count)) { buffer, count in
            guard let base = buffer.baseAddress else { return }
            unsafe count = bytes.withUnsafeBytes { unsafe encode($0, to: base) }
        }
        return String(decoding: text, as: UTF8.self)
    }
}

extension Column where Element == UInt8 {
    /// Appends the Base64 text of some bytes.
    public func append(base64 bytes: UnsafeRawBufferPointer) {
        reserve(Base64.count(of: bytes.count))
        let written = unsafe Base64.encode(bytes, to: pointer + count)
        truncateOrExtend(to: count + written)
    }
}
