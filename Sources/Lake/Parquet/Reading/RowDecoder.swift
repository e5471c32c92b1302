internal import Market
internal import Platform

/// Decodes columns of files that Tapedeck wrote.
///
/// - Threading: one thread at a time; the memory is used again from file to file.
final class RowDecoder: @unchecked Sendable {  // one thread at a time, by contract
    private let pages: ChunkPages
    private let int64s: ValueDecoder<Int64>
    private let int32s: ValueDecoder<Int32>
    private let doubles: ValueDecoder<Double>
    private let numbers: ValueDecoder<UInt32>
    private let booleans: ValueDecoder<UInt8>
    private let lengths = Column<Int32>()

    /// - Parameter checks: whether pages must be what their checksums say.
    init(checks: Bool = true) {
        pages = ChunkPages(checks: checks)
        int64s = ValueDecoder(pages, missing: ArrowColumn.missingInt64)
        int32s = ValueDecoder(pages, missing: .min)
        doubles = ValueDecoder(pages, missing: .nan)
        numbers = ValueDecoder(pages, missing: ArrowColumn.missingIndex)
        booleans = ValueDecoder(pages, missing: 0)
    }

    /// Appends rows of a file to parts.
    ///
    /// - Parameters:
    ///   - places: of the stored columns in the file.
    ///   - rows: of each row group.
    func append(
        _ file: ParquetFileReader, places: [Int], rows: [Range<Int>], to parts: StoredParts
    ) throws(ParquetUnreadable) {
        let open = try file.open()
        for (group, rows) in zip(file.rowGroups, rows) where !rows.isEmpty {
            for (number, column) in parts.columns.enumerated() {
                try file.read(group.chunks[places[number]], of: open, into: pages)
                try append(column, number, rows, of: group.rows, to: parts)
            }
        }
    }

    /// The numbers of a column's texts in a row group.
    func texts(
        _ file: ParquetFileReader, _ group: ParquetDescription.RowGroup, place: Int, isNullable: Bool,
        _ texts: NumberedTexts
    ) throws(ParquetUnreadable) -> Column<UInt32> {
        try file.read(group.chunks[place], of: file.open(), into: pages)
        let target = Column<UInt32>(capacity: group.rows)
        try unsafe numbers.decode(
            0..<group.rows, of: group.rows, isNullable: isNullable, dictionary: Self.numbered(texts)
        ) { unsafe target.append(from: $0, count: $1) }
        return target
    }

    /// The values of a column of integers in a row group.
    func integers(
        _ file: ParquetFileReader, _ group: ParquetDescription.RowGroup, place: Int
    ) throws(ParquetUnreadable) -> Column<Int64> {
        try file.read(group.chunks[place], of: file.open(), into: pages)
        let target = Column<Int64>(capacity: group.rows)
        try unsafe int64s.decode(0..<group.rows, of: group.rows, isNullable: false) {
            unsafe target.append(from: $0, count: $1)
        }
        return target
    }

    private func append(
        _ column: TableSchema.Column, _ number: Int, _ rows: Range<Int>, of groupRows: Int, to parts: StoredParts
    ) throws(ParquetUnreadable) {
        func decode<Value>(
            _ decoder: ValueDecoder<Value>, _ target: (StoredColumn) -> Column<Value>
        ) throws(ParquetUnreadable) {
            try unsafe decoder.decode(rows, of: groupRows, isNullable: column.isNullable) { values, count in
                parts.append(number, count: count) { part, range in
                    unsafe target(part).append(from: values + range.lowerBound, count: range.count)
                }
            }
        }
        switch column.type {
        case .timestamp, .int64, .decimal: try decode(int64s, \.int64)
        case .date, .int32: try decode(int32s, \.int32)
        case .float64: try decode(doubles, \.float64)
        case .boolean: try decode(booleans, \.bytes)
        case .binary, .string:
            if column.isWide { return try appendBytes(column, number, rows, of: groupRows, to: parts) }
            try unsafe numbers.decode(
                rows, of: groupRows, isNullable: column.isNullable, dictionary: Self.numbered(parts.texts[number])
            ) { values, count in
                parts.append(number, count: count) { part, range in
                    unsafe part.indices.append(from: values + range.lowerBound, count: range.count)
                }
            }
        }
    }

    /// Reads texts with their lengths before them as their numbers.
    private static func numbered(
        _ texts: NumberedTexts
    ) -> (inout BitUnpacking, Int, Column<UInt32>) throws(ParquetUnreadable) -> Void {
        { (source, count, dictionary) throws(ParquetUnreadable) in
            try texts.lock.withLock { () throws(ParquetUnreadable) in
                for _ in 0..<count {
                    var length = 0
                    for place in 0..<4 { length |= Int(try source.byte()) << (place * 8) }
                    let text = try unsafe source.rest(length)
                    guard unsafe String(validating: text, as: UTF8.self) != nil else {
                        throw ParquetUnreadable("a text is not UTF-8")
                    }
                    dictionary.append(unsafe texts.number(text))
                }
            }
        }
    }

    /// Lengths as differences, then all bytes.
    private func appendBytes(
        _ column: TableSchema.Column, _ number: Int, _ rows: Range<Int>, of groupRows: Int, to parts: StoredParts
    ) throws(ParquetUnreadable) {
        pages.begin()
        var first = 0
        while first < rows.upperBound {
            guard let page = try pages.next() else { throw ParquetUnreadable("a column has too few rows") }
            let wanted = rows.clamped(to: first..<first + page.rows)
            guard !page.isDictionary, page.rows <= groupRows - first else {
                throw ParquetUnreadable("a column has pages that are not written")
            }
            defer { first += page.rows }
            if wanted.isEmpty {
                pages.skip(page)
                continue
            }
            var source = try pages.read(page, isNullable: column.isNullable)
            guard pages.values == page.rows, page.encoding == ParquetEncoding.deltaLengthByteArray.rawValue else {
                throw ParquetUnreadable("a column has pages that are not written")
            }
            lengths.removeAll()
            lengths.reserve(page.rows)
            try unsafe source.deltas(count: page.rows, into: lengths.pointer)
            lengths.truncateOrExtend(to: page.rows)
            let skipped = try total(0..<wanted.lowerBound - first)
            _ = try unsafe source.rest(skipped)
            let within = wanted.lowerBound - first..<wanted.upperBound - first
            let bytes = try unsafe source.rest(total(within))
            if column.type == .string { try unsafe checkTexts(within, bytes) }
            var place = 0
            parts.append(number, count: wanted.count) { part, range in
                for row in range {
                    let length = Int(lengths[within.lowerBound + row])
                    unsafe part.bytes.append(
                        contentsOf: UnsafeRawBufferPointer(rebasing: bytes[place..<place + length]))
                    part.int64.append(Int64(part.bytes.count))
                    place += length
                }
            }
        }
    }

    /// The bytes of values of the page.
    private func total(_ rows: Range<Int>) throws(ParquetUnreadable) -> Int {
        var sum = 0
        for row in rows {
            guard lengths[row] >= 0 else { throw ParquetUnreadable("a length is negative") }
            sum += Int(lengths[row])
        }
        return sum
    }

    /// Values are UTF-8 where all together are, and none begins inside a character.
    private func checkTexts(_ rows: Range<Int>, _ bytes: UnsafeRawBufferPointer) throws(ParquetUnreadable) {
        guard unsafe String(validating: bytes, as: UTF8.self) != nil else {
            throw ParquetUnreadable("a text is not UTF-8")
        }
        var place = 0
        for row in rows {
            if unsafe place < bytes.count && bytes[place] & 0xc0 == 0x80 {
                throw ParquetUnreadable("a text is not UTF-8")
            }
            place += Int(lengths[row])
        }
    }
}

extension ValueDecoder {
    /// Hands over values whose dictionary holds them as they are in memory.
    func decode(
        _ rows: Range<Int>, of groupRows: Int, isNullable: Bool, _ body: (UnsafePointer<Value>, Int) -> Void
    ) throws(ParquetUnreadable) {
        try unsafe decode(
            rows, of: groupRows, isNullable: isNullable,
            dictionary: { (source, count, dictionary) throws(ParquetUnreadable) in
                guard count <= source.left else { throw ParquetUnreadable("a dictionary lacks values") }
                dictionary.reserve(count)
                try unsafe Value.plain(&source, count, dictionary.pointer)
                dictionary.truncateOrExtend(to: count)
            }, body)
    }
}

extension Column {
    /// Appends values from other memory.
    fileprivate func append(from values: UnsafePointer<Element>, count added: Int) {
        reserve(added)
        unsafe (pointer + count).update(from: values, count: added)
        truncateOrExtend(to: count + added)
    }
}
