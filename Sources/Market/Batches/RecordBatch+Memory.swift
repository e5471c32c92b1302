internal import Platform

/// Rows written from outside, for decoders in C.
extension RecordBatch {
    /// What a column holds.
    public enum CellKind: Int32, Sendable {
        /// 64-bit integers, and decimal numbers in their smallest unit.
        case int64 = 0
        case int32 = 1
        /// NaN is missing.
        case float64 = 2
        /// One byte, 0 or 1.
        case boolean = 3
        /// 32-bit numbers of texts.
        case category = 4
        /// 32-bit numbers of instruments; `venue` and `symbol` share them.
        case instrument = 5
        /// Free text: 64-bit offsets into bytes, one more than rows.
        case text = 6
    }

    /// What the column at a place holds, and the digits behind the point where it is a decimal number.
    public func kind(_ place: Int) -> (kind: CellKind, scale: Int) {
        switch cells[place] {
        case .int64:
            if case .decimal(let scale) = stored[place].type { return (.int64, scale) }
            return (.int64, 0)
        case .int32: return (.int32, 0)
        case .float64: return (.float64, 0)
        case .boolean: return (.boolean, 0)
        case .category: return (.category, 0)
        case .instrument: return (.instrument, 0)
        case .text: return (.text, 0)
        }
    }

    /// Makes room for `rows` more rows of a column and gives its memory, valid until the next call that grows the batch;
    /// `adopt` takes over what was written.
    ///
    /// - Parameter textBytes: room for the bytes of a free text, besides those that are there.
    /// - Returns: the first value and, of a free text, the first byte.
    @unsafe public func writableColumn(
        _ place: Int, rows: Int, textBytes: Int
    ) -> (values: UnsafeMutableRawPointer, bytes: UnsafeMutablePointer<UInt8>?) {
        switch cells[place] {
        case .int64(let column): return unsafe (Self.memory(column, rows), nil)
        case .int32(let column): return unsafe (Self.memory(column, rows), nil)
        case .float64(let column): return unsafe (Self.memory(column, rows), nil)
        case .boolean(let column): return unsafe (Self.memory(column, rows), nil)
        case .category(let column): return unsafe (Self.memory(column, rows), nil)
        case .instrument(let column, _): return unsafe (Self.memory(column, rows), nil)
        case .text(let offsets, let bytes):
            bytes.reserve(textBytes)
            return unsafe (Self.memory(offsets, rows), bytes.pointer)
        }
    }

    @unsafe private static func memory<T>(_ column: Column<T>, _ rows: Int) -> UnsafeMutableRawPointer {
        column.reserve(rows)
        return UnsafeMutableRawPointer(unsafe column.pointer)
    }

    /// Takes over rows that were written through `writableColumn`: the batch has `count` now.
    ///
    /// - Precondition: every column was written.
    public func adopt(count: Int) { truncate(to: count) }
}
