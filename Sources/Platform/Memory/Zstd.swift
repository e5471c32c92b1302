internal import CZstd

/// Zstandard frames in memory.
///
/// - Source: zstd 1.5 `zstd.h`, RFC 8878.
public enum Zstd {
    /// Compressed bytes that `count` bytes can become at worst.
    public static func bound(_ count: Int) -> Int { ZSTD_compressBound(count) }

    /// A compressor with its own working memory.
    ///
    /// - Threading: one thread at a time.
    @safe
    public final class Compressor: @unchecked Sendable {  // one thread at a time, by contract
        private let context: OpaquePointer
        private let level: Int32

        /// - Parameter level: as zstd counts them; negative ones are faster, higher ones smaller.
        public init(level: Int = 1) {
            guard let context = unsafe ZSTD_createCCtx() else { fatalError("out of memory for zstd") }
            unsafe self.context = context
            self.level = Int32(clamping: level)
        }

        deinit { unsafe ZSTD_freeCCtx(context) }

        /// Compresses `source` into the start of `target`, as one frame.
        ///
        /// - Returns: bytes written; nil where the target is too small (see `bound`).
        public func compress(_ source: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer) -> Int? {
            let written = unsafe ZSTD_compressCCtx(
                context, target.baseAddress, target.count, source.baseAddress, source.count, level)
            return ZSTD_isError(written) == 0 ? written : nil
        }
    }
}
