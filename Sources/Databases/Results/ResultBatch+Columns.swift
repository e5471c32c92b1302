internal import CPlatform
public import Platform

/// Values of single columns, without a `SQLValue` each.
extension ResultBatch {
    /// The value of a column of signed integers, dates or moments, as it is stored; 0 where it is null.
    ///
    /// - Precondition: the column has such a type.
    public func integer(row: Int, column: Int) -> Int64 {
        guard let array = unsafe child(column), let values = unsafe array.pointee.buffers[1] else { return 0 }
        let place = unsafe row + Int(self.array.pointee.offset) + Int(array.pointee.offset)
        if let validity = unsafe array.pointee.buffers[0], unsafe !ArrowLayout.bit(validity, place) { return 0 }
        return switch layouts[column].kind {
        case .signed(4), .date32: unsafe Int64(values.loadUnaligned(fromByteOffset: place * 4, as: Int32.self))
        case .signed(8), .timestamp: unsafe values.loadUnaligned(fromByteOffset: place * 8, as: Int64.self)
        default: preconditionFailure("column \(layouts[column].name) has no integers")
        }
    }

    /// Appends the bytes of a text or binary value; none where it is null.
    ///
    /// - Precondition: the column has such values.
    public func appendText(row: Int, column: Int, to bytes: Column<UInt8>) {
        guard let array = unsafe child(column) else { return }
        let place = unsafe row + Int(self.array.pointee.offset) + Int(array.pointee.offset)
        if let validity = unsafe array.pointee.buffers[0], unsafe !ArrowLayout.bit(validity, place) { return }
        guard let large = layouts[column].kind.hasLargeEnds else {
            // Numbered texts.
            return bytes.append(utf8: value(row: row, column: column).text)
        }
        guard let ends = unsafe array.pointee.buffers[1], let texts = unsafe array.pointee.buffers[2] else { return }
        let range = unsafe ArrowLayout.range(ends, place, large: large)
        unsafe bytes.append(contentsOf: UnsafeRawBufferPointer(start: texts + range.lowerBound, count: range.count))
    }

    /// Bytes of the values that have no fixed width, of all rows.
    public var textBytes: Int {
        var sum = 0
        for (column, layout) in layouts.enumerated() {
            guard let large = layout.kind.hasLargeEnds, let array = unsafe child(column),
                let ends = unsafe array.pointee.buffers[1]
            else { continue }
            let first = unsafe Int(self.array.pointee.offset) + Int(array.pointee.offset)
            sum += unsafe ArrowLayout.range(ends, first, large: large, count: count).count
        }
        return sum
    }

    @unsafe private func child(_ column: Int) -> UnsafeMutablePointer<ArrowArray>? {
        unsafe array.pointee.children[column]
    }
}

extension ArrowLayout {
    /// The bytes of values of a column of texts, from `place` on.
    static func range(_ ends: UnsafeRawPointer, _ place: Int, large: Bool, count: Int = 1) -> Range<Int> {
        func end(_ place: Int) -> Int {
            large
                ? Int(unsafe ends.loadUnaligned(fromByteOffset: place * 8, as: Int64.self))
                : Int(unsafe ends.loadUnaligned(fromByteOffset: place * 4, as: Int32.self))
        }
        return end(place)..<end(place + count)
    }
}

extension ArrowLayout.Kind {
    /// Whether the offsets of texts or bytes have 8 bytes; nil where values have a fixed width.
    var hasLargeEnds: Bool? {
        switch self {
        case .text(let large), .binary(let large): large
        default: nil
        }
    }
}
