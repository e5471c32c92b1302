internal import CZstd
internal import Platform

/// Zstandard frames, with one working memory for all of them.
///
/// - Threading: one thread at a time.
/// - Source: zstd 1.5 `zstd.h`, RFC 8878.
@safe
final class ZstdCompressor {
    private let context: OpaquePointer

    /// - Parameter level: as zstd counts them; negative ones are faster, higher ones smaller.
    init(level: Int) {
        guard let context = unsafe ZSTD_createCCtx() else { fatalError("out of memory for zstd") }
        unsafe self.context = context
        set(ZSTD_c_compressionLevel, level)
        // Every reader compares it, also those that do not know the checksums of pages.
        set(ZSTD_c_checksumFlag, 1)
    }

    deinit { unsafe ZSTD_freeCCtx(context) }

    private func set(_ parameter: ZSTD_cParameter, _ value: Int) {
        let code = unsafe ZSTD_CCtx_setParameter(context, parameter, Int32(value))
        precondition(ZSTD_isError(code) == 0, "zstd parameter \(parameter.rawValue) cannot be \(value)")
    }

    /// Appends `source` as one frame.
    func compress(_ source: UnsafeRawBufferPointer, into target: ByteBuffer) {
        let bound = ZSTD_compressBound(source.count)
        let room = unsafe target.room(bound)
        let written = unsafe ZSTD_compress2(context, room, bound, source.baseAddress, source.count)
        precondition(ZSTD_isError(written) == 0, "zstd fails only where the target is too small")
        target.truncateOrExtend(to: target.count + written)
    }
}
