internal import CPlatform
internal import CZlib

/// The checksum of ISO 3309, as gzip, zip archives, pages of Parquet and Delta tables have it.
public enum CRC32 {
    /// - Parameter sum: of the bytes before these.
    public static func of(_ bytes: UnsafeRawBufferPointer, after sum: UInt32 = 0) -> UInt32 {
        // Without bytes zlib would begin anew.
        guard let start = bytes.baseAddress else { return sum }
        var sum = sum
        let folded = unsafe withUnsafeTemporaryAllocation(byteCount: 16, alignment: 16) { rest in
            let blocks = unsafe rest.assumingMemoryBound(to: UInt8.self)
            let folded = unsafe td_crc32_fold(sum, start, bytes.count, blocks.baseAddress)
            // Their remainder begins with nothing before it, rather than with zlib's ones.
            if folded > 0 { sum = unsafe zlib(blocks.baseAddress, 16, after: .max) }
            return folded
        }
        let behind = unsafe (start + folded).assumingMemoryBound(to: UInt8.self)
        return unsafe zlib(behind, bytes.count - folded, after: sum)
    }

    private static func zlib(_ start: UnsafePointer<UInt8>?, _ count: Int, after sum: UInt32) -> UInt32 {
        UInt32(truncatingIfNeeded: unsafe crc32_z(UInt(sum), start, count))
    }
}
