internal import CZstd

/// A stream of Zstandard frames, decompressed as it is read.
///
/// - Source: RFC 8878; zstd 1.5 `zstd.h`, "Streaming decompression". Windows beyond 8 MiB are refused, as RFC 9659 asks
///   of what comes over HTTP: memory is bounded whatever a frame says.
/// - Threading: one thread at a time.
@safe
public final class ZstdStream: ByteStream {
    private let source: any ByteStream
    private let path: String
    private let context: OpaquePointer
    private let input: UnsafeMutableRawBufferPointer
    private var inputCount = 0
    private var inputPosition = 0
    /// A frame has begun and not ended.
    private var isInsideFrame = false
    private static let windowBits: Int32 = 23

    /// - Parameter path: named in errors.
    public init(_ source: any ByteStream, path: String) throws(StreamError) {
        guard let context = unsafe ZSTD_createDCtx() else {
            throw StreamError(path: path, "no memory for zstd")
        }
        self.source = source
        self.path = path
        unsafe self.context = context
        unsafe input = .allocate(byteCount: 64 << 10, alignment: 64)
        let status = unsafe ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, Self.windowBits)
        precondition(ZSTD_isError(status) == 0, "zstd takes this window")
    }

    deinit {
        unsafe ZSTD_freeDCtx(context)
        unsafe input.deallocate()
    }

    public var fileBytesRead: Int64 { source.fileBytesRead }

    public func read(into buffer: UnsafeMutableRawBufferPointer) throws(StreamError) -> Int {
        var output = unsafe ZSTD_outBuffer(dst: buffer.baseAddress, size: buffer.count, pos: 0)
        while unsafe output.pos < output.size {
            if inputPosition == inputCount {
                inputCount = unsafe try source.read(into: input)
                inputPosition = 0
                if inputCount == 0 {
                    guard !isInsideFrame else {
                        throw StreamError(path: path, "the compressed data ends in the middle")
                    }
                    break
                }
            }
            var rest = unsafe ZSTD_inBuffer(src: input.baseAddress, size: inputCount, pos: inputPosition)
            let status = unsafe ZSTD_decompressStream(context, &output, &rest)
            inputPosition = unsafe rest.pos
            if ZSTD_isError(status) != 0 {
                let reason = unsafe String(cString: ZSTD_getErrorName(status))
                throw StreamError(path: path, "damaged compressed data (\(reason))")
            }
            isInsideFrame = status != 0
        }
        return unsafe output.pos
    }
}
