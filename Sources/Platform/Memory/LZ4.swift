internal import CLZ4

/// LZ4 block compression.
///
/// - Source: lz4 1.9 `lz4.h`, block format.
public enum LZ4 {
    /// Compressed bytes that `count` bytes can become at worst.
    public static func bound(_ count: Int) -> Int { count + count / 255 + 16 }

    /// Bytes that `count` compressed bytes can become at most: a byte of length stands for 255 bytes of content.
    public static func largest(from count: Int) -> Int { count * 255 }

    /// Decompresses `source` into the start of `target`, never writing outside it.
    ///
    /// - Returns: bytes written; nil where the source is malformed or too long for the target.
    public static func decompress(_ source: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer) -> Int?
    {
        guard let sourceCount = Int32(exactly: source.count), let targetCount = Int32(exactly: target.count) else {
            return nil
        }
        let written = unsafe LZ4_decompress_safe(
            source.baseAddress?.assumingMemoryBound(to: CChar.self),
            target.baseAddress?.assumingMemoryBound(to: CChar.self), sourceCount, targetCount)
        return written < 0 ? nil : Int(written)
    }

    /// A compressor with its own working memory, so that a call allocates nothing.
    ///
    /// - Threading: one thread at a time.
    @safe
    public final class Compressor: @unchecked Sendable {  // one thread at a time, by contract
        private let state: UnsafeMutableRawPointer

        public init() {
            unsafe state = UnsafeMutableRawPointer.allocate(byteCount: Int(LZ4_sizeofState()), alignment: 16)
        }

        deinit { unsafe state.deallocate() }

        /// Compresses `source` into the start of `target`.
        ///
        /// - Returns: bytes written; nil where the target is too small (see `bound`).
        public func compress(_ source: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer) -> Int? {
            guard let sourceCount = Int32(exactly: source.count) else { return nil }
            let written = unsafe LZ4_compress_fast_extState(
                state, source.baseAddress?.assumingMemoryBound(to: CChar.self),
                target.baseAddress?.assumingMemoryBound(to: CChar.self), sourceCount, Int32(clamping: target.count), 1)
            return written <= 0 ? nil : Int(written)
        }
    }
}
