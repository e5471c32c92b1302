internal import Platform

/// How the body of a request is compressed, in ClickHouse's own framing.
enum NativeCompression: String, CaseIterable, Sendable {
    case lz4, zstd, none
}

/// The bytes of a request, compressed piece by piece as they come.
///
/// - Shape: each piece has a head of 25 bytes: checksum (16; zeros, which the server is told not to look at), method
///   (0x82 LZ4, 0x90 Zstandard), bytes of the piece without the checksum, bytes of its content (both 4, little endian).
/// - Source: ClickHouse, `CompressionInfo.h` and `CompressedWriteBuffer`; settings `decompress` and
///   `http_native_compression_disable_checksumming_on_decompress` of its HTTP interface.
/// - Threading: one thread at a time.
final class NativeBody {
    private static let pieceBytes = 1 << 20
    private static let headBytes = 25
    private static let checksumBytes = 16

    private let lz4: LZ4.Compressor?
    private let zstd: Zstd.Compressor?
    private let piece = Column<UInt8>(capacity: pieceBytes)
    private let written = Column<UInt8>()

    init(_ compression: NativeCompression) {
        lz4 = compression == .lz4 ? LZ4.Compressor() : nil
        zstd = compression == .zstd ? Zstd.Compressor() : nil
    }

    func append(_ bytes: UnsafeRawBufferPointer) {
        var rest = unsafe bytes[...]
        while unsafe !rest.isEmpty {
            let count = unsafe min(rest.count, Self.pieceBytes - piece.count)
            unsafe piece.append(contentsOf: UnsafeRawBufferPointer(rebasing: rest.prefix(count)))
            unsafe rest = unsafe rest.dropFirst(count)
            if piece.count == Self.pieceBytes { endPiece() }
        }
    }

    func append<T: BitwiseCopyable>(_ column: Column<T>) { unsafe append(UnsafeRawBufferPointer(column.buffer)) }

    func append(_ number: UInt64) {
        unsafe withUnsafeBytes(of: number.littleEndian) { unsafe append($0) }
    }

    /// A number in LEB128, as lengths and counts are written.
    func append(varint number: Int) {
        var rest = UInt64(number)
        while rest >= 0x80 {
            append(byte: UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(byte: UInt8(rest))
    }

    func append(byte: UInt8) {
        piece.append(byte)
        if piece.count == Self.pieceBytes { endPiece() }
    }

    func append(text: String) {
        append(varint: text.utf8.count)
        for byte in text.utf8 { append(byte: byte) }
    }

    /// What was appended, and nothing is left here.
    func take() -> [UInt8] {
        endPiece()
        defer { written.removeAll() }
        return unsafe Array(written.buffer)
    }

    private func endPiece() {
        guard piece.count > 0 else { return }
        let source = unsafe UnsafeRawBufferPointer(piece.buffer)
        if lz4 == nil, zstd == nil {
            unsafe written.append(contentsOf: source)
        } else {
            let bound = lz4 == nil ? Zstd.bound(piece.count) : LZ4.bound(piece.count)
            written.reserve(Self.headBytes + bound)
            let head = unsafe UnsafeMutableRawPointer(written.pointer + written.count)
            let room = unsafe UnsafeMutableRawBufferPointer(start: head + Self.headBytes, count: bound)
            let count = unsafe lz4?.compress(source, into: room) ?? zstd?.compress(source, into: room)
            guard let count else { preconditionFailure("compression fails only where there is no room") }
            unsafe head.initializeMemory(as: UInt8.self, repeating: 0, count: Self.checksumBytes)
            unsafe head.storeBytes(of: lz4 == nil ? 0x90 : 0x82, toByteOffset: Self.checksumBytes, as: UInt8.self)
            let compressed = UInt32(count + Self.headBytes - Self.checksumBytes)
            unsafe head.storeBytes(of: compressed.littleEndian, toByteOffset: 17, as: UInt32.self)
            unsafe head.storeBytes(of: UInt32(piece.count).littleEndian, toByteOffset: 21, as: UInt32.self)
            written.truncateOrExtend(to: written.count + Self.headBytes + count)
        }
        piece.removeAll()
    }
}
