internal import CZstd
internal import Platform

/// Zstandard frames out of pages, with one working memory for all of them.
///
/// - Threading: one thread at a time.
/// - Source: zstd 1.5 `zstd.h`, RFC 8878.
@safe
final class ZstdDecompressor {
    private let context: OpaquePointer

    init() {
        guard let context = unsafe ZSTD_createDCtx() else { fatalError("out of memory for zstd") }
        unsafe self.context = context
    }

    deinit { unsafe ZSTD_freeDCtx(context) }

    /// Puts what a frame holds in place of what is in `target`.
    ///
    /// - Parameter bytes: how many it must be.
    func decompress(
        _ source: UnsafeRawBufferPointer, bytes: Int, into target: ByteBuffer
    ) throws(ParquetUnreadable) {
        // A block of at most 128 KiB takes four bytes at least: so a few bytes cannot ask for all of the memory.
        guard bytes <= (source.count / 4 + 1) << 17 else { throw ParquetUnreadable("a page is larger than it can be") }
        target.removeAll()
        target.reserve(bytes)
        let found = unsafe ZSTD_decompressDCtx(context, target.pointer, bytes, source.baseAddress, source.count)
        guard ZSTD_isError(found) == 0, found == bytes else { throw ParquetUnreadable("a page does not decompress") }
        target.truncateOrExtend(to: bytes)
    }
}
