internal import Platform

extension ArrowColumn {
    /// An empty column of the same kind with memory for so many values, which it keeps where it is.
    ///
    /// - Parameter bytes: room for the bytes of a text or binary column.
    public func makeEmpty(rows: Int, bytes: Int) -> ArrowColumn {
        func offsets() -> Column<Int64> {
            let offsets = Column<Int64>(capacity: rows + 1)
            offsets.append(0)
            return offsets
        }
        let empty: Values =
            switch values {
            case .int64: .int64(Column(capacity: rows))
            case .int32: .int32(Column(capacity: rows))
            case .float64: .float64(Column(capacity: rows))
            case .boolean: .boolean(Column(capacity: rows))
            case .dictionary(_, let texts): .dictionary(indices: Column(capacity: rows), texts)
            case .dictionary8(_, let texts): .dictionary8(indices: Column(capacity: rows), texts)
            case .binary: .binary(offsets: offsets(), bytes: Column(capacity: bytes))
            case .text: .text(offsets: offsets(), bytes: Column(capacity: bytes))
            }
        return ArrowColumn(name, empty, nullable: isNullable)
    }

    /// Appends rows of a column of the same kind; dictionaries are taken to be the same.
    public func append(_ rows: Range<Int>, of source: ArrowColumn) {
        switch (values, source.values) {
        case (.int64(let target), .int64(let column)): target.append(rows, of: column)
        case (.int32(let target), .int32(let column)): target.append(rows, of: column)
        case (.float64(let target), .float64(let column)): target.append(rows, of: column)
        case (.boolean(let target), .boolean(let column)): target.append(rows, of: column)
        case (.dictionary(let target, _), .dictionary(let column, _)): target.append(rows, of: column)
        case (.dictionary8(let target, _), .dictionary8(let column, _)): target.append(rows, of: column)
        case (.binary(let offsets, let bytes), .binary(let sourceOffsets, let sourceBytes)),
            (.text(let offsets, let bytes), .text(let sourceOffsets, let sourceBytes)):
            let first = sourceOffsets[rows.lowerBound]
            let shift = Int64(bytes.count) - first
            bytes.append(Int(first)..<Int(sourceOffsets[rows.upperBound]), of: sourceBytes)
            for row in rows { offsets.append(sourceOffsets[row + 1] + shift) }
        default: preconditionFailure("column \(name) changed its kind")
        }
    }

    /// How many of the rows from `start` on find room for their bytes in this column; all where it holds no bytes.
    public func rowsFitting(_ rows: Range<Int>, of source: ArrowColumn) -> Int {
        switch (values, source.values) {
        case (.binary(_, let bytes), .binary(let offsets, _)), (.text(_, let bytes), .text(let offsets, _)):
            let room = Int64(bytes.capacity - bytes.count)
            let start = offsets[rows.lowerBound]
            if offsets[rows.upperBound] - start <= room { return rows.count }
            var low = rows.lowerBound
            var high = rows.upperBound
            while low + 1 < high {
                let middle = (low + high) / 2
                if offsets[middle] - start <= room { low = middle } else { high = middle }
            }
            return low - rows.lowerBound
        default: return rows.count
        }
    }

    /// Bytes of a row in a text or binary column; 0 in others.
    ///
    /// Looks at the row alone, not at how many there are, so that another thread may append meanwhile.
    /// - Precondition: the row is there; a row beyond the capacity is a fault at once.
    public func byteCount(ofRow row: Int) -> Int {
        switch values {
        case .binary(let offsets, _), .text(let offsets, _):
            precondition(row >= 0 && row + 1 < offsets.capacity, "row out of range")
            return unsafe Int(offsets.pointer[row + 1] - offsets.pointer[row])
        default: return 0
        }
    }

    /// Room for the bytes of a text or binary column; 0 in others.
    public var byteCapacity: Int {
        switch values {
        case .binary(_, let bytes), .text(_, let bytes): bytes.capacity
        default: 0
        }
    }

    /// Memory that the column takes.
    public var memoryBytes: Int {
        switch values {
        case .int64(let column): column.capacity * 8
        case .int32(let column): column.capacity * 4
        case .float64(let column): column.capacity * 8
        case .boolean(let column): column.capacity
        case .dictionary(let column, _): column.capacity * 4
        case .dictionary8(let column, _): column.capacity
        case .binary(let offsets, let bytes), .text(let offsets, let bytes): offsets.capacity * 8 + bytes.capacity
        }
    }

    /// Empties the column and keeps its memory.
    public func removeAll() {
        switch values {
        case .int64(let column): column.removeAll()
        case .int32(let column): column.removeAll()
        case .float64(let column): column.removeAll()
        case .boolean(let column): column.removeAll()
        case .dictionary(let column, _): column.removeAll()
        case .dictionary8(let column, _): column.removeAll()
        case .binary(let offsets, let bytes), .text(let offsets, let bytes):
            offsets.removeAll()
            offsets.append(0)
            bytes.removeAll()
        }
    }

    /// The same values read with the dictionary of another column.
    public func withDictionary(of other: ArrowColumn) -> ArrowColumn {
        switch (values, other.values) {
        case (.dictionary(let indices, _), .dictionary(_, let texts)):
            ArrowColumn(name, .dictionary(indices: indices, texts), nullable: isNullable)
        case (.dictionary8(let indices, _), .dictionary8(_, let texts)):
            ArrowColumn(name, .dictionary8(indices: indices, texts), nullable: isNullable)
        default: self
        }
    }
}
