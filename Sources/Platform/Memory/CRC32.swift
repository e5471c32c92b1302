internal import CZlib

/// The checksum of ISO 3309, as gzip, zip archives and Delta tables have it.
public enum CRC32 {
    /// - Parameter sum: of the bytes before these.
    public static func of(_ bytes: UnsafeRawBufferPointer, after sum: UInt32 = 0) -> UInt32 {
        // Without bytes zlib would begin anew.
        guard let start = bytes.baseAddress else { return sum }
        return UInt32(
            truncatingIfNeeded: unsafe crc32_z(UInt(sum), start.assumingMemoryBound(to: UInt8.self), bytes.count))
    }
}
