internal import CPlatform

/// CRC-32C (Castagnoli) checksums, with the processor's instruction where it has one.
///
/// - Source: RFC 3720, appendix B.4.
public enum CRC32C {
    /// The checksum of `bytes`, continued from `seed` (0 to start).
    @inline(__always)
    public static func checksum(_ bytes: UnsafeRawBufferPointer, seed: UInt32 = 0) -> UInt32 {
        guard let base = bytes.baseAddress else { return seed }
        return unsafe td_crc32c(seed, base, bytes.count)
    }

    /// The checksum of two words, as they lie in memory, and `bytes` behind them.
    @inline(__always)
    public static func checksum(_ first: UInt64, _ second: UInt64, _ bytes: UnsafeRawBufferPointer) -> UInt32 {
        unsafe td_crc32c_words(first, second, bytes.baseAddress, bytes.count)
    }
}
