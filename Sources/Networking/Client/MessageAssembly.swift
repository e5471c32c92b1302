internal import Platform

/// Puts messages together from the pieces in which they arrive, within a limit.
///
/// A message in one piece is handed on where it lies; only others are copied, once.
struct MessageAssembly {
    /// Where a piece belongs.
    struct Piece {
        /// The message begins.
        let isFirst: Bool
        /// The message is complete.
        let isLast: Bool
        /// Bytes of the current frame that are still to come.
        let remainingInFrame: Int
    }

    let maxBytes: Int
    private let buffer = Column<UInt8>()

    init(maxBytes: Int) { self.maxBytes = maxBytes }

    /// Adds a piece and hands on the message it completes.
    ///
    /// - Returns: false where the message is too large, as soon as that is known.
    @unsafe
    mutating func add(_ bytes: UnsafeRawBufferPointer, _ piece: Piece, _ complete: (RawSpan) -> Void) -> Bool {
        if piece.isFirst { buffer.removeAll() }
        guard piece.remainingInFrame <= maxBytes - buffer.count - bytes.count else { return false }
        if buffer.count == 0 && piece.isLast {
            unsafe complete(bytes.bytes)
            return true
        }
        unsafe buffer.append(contentsOf: bytes)
        if piece.isLast {
            unsafe complete(UnsafeRawBufferPointer(buffer.buffer).bytes)
            buffer.removeAll()
        }
        return true
    }
}
