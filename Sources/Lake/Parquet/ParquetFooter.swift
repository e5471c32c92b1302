internal import Market
internal import Platform

/// The description of a file at its end.
///
/// - Source: Apache Parquet format, `parquet.thrift`, `FileMetaData`.
struct ParquetFooter {
    /// A row group.
    struct RowGroup {
        var rows: Int
        var chunks: [ColumnChunk]
    }

    let columns: [ParquetColumn]
    let rowGroups: [RowGroup]
    let createdBy: String

    func write(into target: ByteBuffer) {
        var writer = ThriftWriter(target)
        writer.element { file in
            file.int32(1, 2)
            file.structures(2, [nil] + columns.map(Optional.some)) { schema(&$0, $1) }
            file.int64(3, rowGroups.reduce(0) { $0 + Int64($1.rows) })
            file.structures(4, Array(rowGroups.enumerated())) { rowGroup(&$0, $1.element, ordinal: $1.offset) }
            file.text(6, createdBy)
            // Bounds follow the order of the type.
            file.structures(7, columns) { order, _ in order.structure(1) { _ in } }
        }
    }

    /// An element of the schema; nil is the root.
    private func schema(_ element: inout ThriftWriter, _ column: ParquetColumn?) {
        guard let column else {
            element.text(4, "schema")
            element.int32(5, columns.count)
            return
        }
        element.int32(1, column.physicalType.rawValue)
        element.int32(3, column.isNullable ? 1 : 0)
        element.text(4, column.name)
        switch column.type {
        case .string:
            element.int32(6, 0)  // UTF8
            element.structure(10) { $0.structure(1) { _ in } }
        case .date:
            element.int32(6, 6)  // DATE
            element.structure(10) { $0.structure(6) { _ in } }
        case .timestamp:
            element.int32(6, 10)  // TIMESTAMP_MICROS
            element.structure(10) { logical in
                logical.structure(8) { timestamp in
                    timestamp.boolean(1, true)
                    timestamp.structure(2) { unit in unit.structure(2) { _ in } }
                }
            }
        case .decimal(let scale):
            let digits = TableSchema.ColumnType.decimalDigits
            element.int32(6, 5)  // DECIMAL
            element.int32(7, scale)
            element.int32(8, digits)
            element.structure(10) { logical in
                logical.structure(5) { decimal in
                    decimal.int32(1, scale)
                    decimal.int32(2, digits)
                }
            }
        case .int32, .int64, .float64, .boolean, .binary: break
        }
    }

    private func rowGroup(_ writer: inout ThriftWriter, _ group: RowGroup, ordinal: Int) {
        writer.structures(1, Array(zip(columns, group.chunks))) { element, pair in
            let (column, chunk) = pair
            element.int64(2, 0)
            element.structure(3) { metadata(&$0, column, chunk) }
        }
        writer.int64(2, group.chunks.reduce(0) { $0 + $1.uncompressedBytes })
        writer.int64(3, Int64(group.rows))
        writer.int64(5, group.chunks.first?.firstOffset ?? 0)
        writer.int64(6, group.chunks.reduce(0) { $0 + $1.compressedBytes })
        if let ordinal = Int16(exactly: ordinal) { writer.int16(7, Int(ordinal)) }
    }

    private func metadata(_ writer: inout ThriftWriter, _ column: ParquetColumn, _ chunk: ColumnChunk) {
        let pages = chunk.dataPages.sorted { $0.key.rawValue < $1.key.rawValue }
        var encodings = pages.map(\.key.rawValue)
        if chunk.dictionaryOffset != nil { encodings.append(ParquetEncoding.plain.rawValue) }
        if column.isNullable { encodings.append(ParquetEncoding.runLength.rawValue) }
        writer.int32(1, column.physicalType.rawValue)
        writer.int32s(2, Array(Set(encodings)).sorted())
        writer.texts(3, [column.name])
        writer.int32(4, 6)  // ZSTD
        writer.int64(5, chunk.values)
        writer.int64(6, chunk.uncompressedBytes)
        writer.int64(7, chunk.compressedBytes)
        writer.int64(9, chunk.dataOffset)
        if let offset = chunk.dictionaryOffset { writer.int64(11, offset) }
        writer.structure(12) { statistics(&$0, chunk.statistics, column.physicalType) }
        var counts = pages.map { (type: chunk.isVersion1 ? 0 : 3, encoding: $0.key, count: $0.value) }
        if chunk.dictionaryOffset != nil { counts.insert((type: 2, encoding: .plain, count: 1), at: 0) }
        writer.structures(13, counts) { element, pages in
            element.int32(1, pages.type)
            element.int32(2, pages.encoding.rawValue)
            element.int32(3, pages.count)
        }
    }

    private func statistics(_ writer: inout ThriftWriter, _ statistics: ParquetStatistics, _ type: ParquetType) {
        let encoded = EncodedStatistics(statistics, type)
        writer.int64(3, statistics.nullCount)
        if let maximum = encoded.maximum { writer.binary(5, maximum) }
        if let minimum = encoded.minimum { writer.binary(6, minimum) }
        if encoded.maximum != nil { writer.boolean(7, encoded.isMaximumExact) }
        if encoded.minimum != nil { writer.boolean(8, encoded.isMinimumExact) }
    }
}
