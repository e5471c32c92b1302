internal import Market
internal import Platform

/// Turns the values of one column and row group into pages.
///
/// Holds the working memory of all columns in turn: about 12 bytes a row of the largest row group, and the table of
/// distinct values.
/// - Threading: one thread at a time.
final class ChunkEncoder: @unchecked Sendable {  // by contract
    let pages: PageWriter
    private let pageRows: Int
    let pageBytes: Int
    let presence = Presence()
    /// The values that are not missing, where some are.
    let words = Column<UInt64>()
    let halfWords = Column<UInt32>()
    /// Places in the dictionary.
    let numbers = Column<UInt32>()
    let dictionary = ValueDictionary()

    /// - Parameter pageRows: a multiple of 64.
    init(_ pages: PageWriter, pageRows: Int, pageBytes: Int) {
        precondition(pageRows > 0 && pageRows.isMultiple(of: 64), "the rows of a page are a multiple of 64")
        self.pages = pages
        self.pageRows = pageRows
        self.pageBytes = pageBytes
    }

    /// Writes a column's pages.
    func encode(
        _ values: ArrowColumn.Values, rows: Int, isNullable: Bool, _ column: EncodedColumn
    ) throws(LakeError) -> ColumnChunk {
        pages.begin(column)
        presence.setAllPresent()
        let statistics =
            switch values {
            case .int64(let column): unsafe integers(column.pointer, rows, isNullable)
            case .int32(let column): unsafe integers(column.pointer, rows, isNullable)
            case .float64(let column): unsafe doubles(column.pointer, rows, isNullable)
            case .boolean(let column): unsafe booleans(column.pointer, rows, isNullable)
            case .dictionary(let indices, let dictionary):
                unsafe encode(indices.pointer, dictionary, column.texts, rows, isNullable)
            case .dictionary8(let indices, let dictionary):
                unsafe encode(indices.pointer, dictionary, column.texts, rows, isNullable)
            case .text(let offsets, let bytes):
                try unsafe byteArrays(offsets.pointer, bytes.pointer, rows, isNullable, isText: true)
            case .binary(let offsets, let bytes):
                try unsafe byteArrays(offsets.pointer, bytes.pointer, rows, isNullable, isText: false)
            }
        return pages.end(statistics)
    }

    /// Writes rows as pages of equal length.
    ///
    /// - Parameter body: appends a range of the values that are not missing to the page's body; not called for none,
    ///   since some readers do not expect encodings of nothing.
    func writePages(
        _ rows: Int, _ isNullable: Bool, _ encoding: ParquetEncoding, _ body: (Range<Int>) -> Void
    ) {
        var first = 0
        for start in stride(from: 0, to: rows, by: pageRows) {
            let page = start..<min(rows, start + pageRows)
            let count = isNullable ? presence.presentCount(page) : page.count
            if count > 0 { body(first..<first + count) }
            first += count
            pages.dataPage(
                count > 0 ? encoding : .plain, isNullable ? presence : nil, rows: page, values: count)
        }
    }

    /// Writes the dictionary that the body of the next page holds, then the places in it that `numbers` holds.
    ///
    /// - Parameter count: places.
    func writeDictionary(values: Int, count: Int, _ rows: Int, _ isNullable: Bool) {
        pages.dictionaryPage(values: values)
        let width = placeBits(values, count)
        let (body, numbers) = (pages.body, numbers)
        writePages(rows, isNullable, .runLengthDictionary) { range in
            body.append(UInt8(width))
            unsafe RunLengthPacking.encode(
                numbers.pointer + range.lowerBound, count: range.count, width: width, into: body)
        }
    }

    /// Bits of a place in a dictionary of a size, from 12 on in whole bytes where a sample is smaller that way.
    ///
    /// Rows sorted by instrument use a large dictionary piece by piece, which zstd does not see across bits: whole bytes
    /// take a third off the prices of a thousand instruments, and add up to a sixth where places are random.
    private func placeBits(_ values: Int, _ count: Int) -> Int {
        let bits = max(1, BitPacking.width(UInt64(values - 1)))
        let whole = (bits + 7) / 8 * 8
        guard bits > 11, bits < whole else { return bits }
        let sample = min(count, 8192)
        func size(_ width: Int) -> Int {
            let start = unsafe numbers.pointer + (count - sample) / 2
            unsafe RunLengthPacking.encode(start, count: sample, width: width, into: pages.body)
            return pages.measureBody()
        }
        return size(whole) < size(bits) ? whole : bits
    }

    /// Writes values as they are in memory.
    func writePlain(_ values: UnsafeRawPointer, bytes: Int, _ rows: Int, _ isNullable: Bool) {
        let body = pages.body
        writePages(rows, isNullable, .plain) { range in
            unsafe body.append(
                contentsOf: UnsafeRawBufferPointer(start: values + range.lowerBound * bytes, count: range.count * bytes)
            )
        }
    }

    /// One bit a value.
    private func booleans(
        _ values: UnsafePointer<UInt8>, _ rows: Int, _ isNullable: Bool
    ) -> ParquetStatistics {
        var statistics = ParquetStatistics()
        if let (low, high) = unsafe Self.range(values, rows) {
            precondition(high <= 1, "a truth value is 0 or 1")
            statistics.minimum = .boolean(low != 0)
            statistics.maximum = .boolean(high != 0)
        }
        let body = pages.body
        writePages(rows, isNullable, .plain) { range in
            let target = unsafe body.room(range.count / 8 + 1).assumingMemoryBound(to: UInt8.self)
            let source = unsafe UnsafeRawPointer(values + range.lowerBound)
            let bytes = (range.count + 7) / 8
            for place in 0..<bytes {
                // Multiplying moves the lowest bit of each byte to the highest byte.
                let word =
                    unsafe source.loadUnaligned(fromByteOffset: place * 8, as: UInt64.self) & 0x0101_0101_0101_0101
                unsafe target[place] = UInt8(truncatingIfNeeded: (word &* 0x0102_0408_1020_4080) &>> 56)
            }
            // What lies behind the last value is not ours.
            if range.count % 8 > 0 { unsafe target[bytes - 1] &= (1 << UInt8(range.count % 8)) - 1 }
            body.truncateOrExtend(to: body.count + bytes)
        }
        return statistics
    }

    /// Smallest and largest; nil of none.
    @inline(__always)
    static func range<Value: FixedWidthInteger>(
        _ values: UnsafePointer<Value>, _ count: Int
    ) -> (low: Value, high: Value)? {
        guard count > 0 else { return nil }
        var low = unsafe values[0], high = unsafe values[0]
        for index in 1..<count {
            let value = unsafe values[index]
            low = min(low, value)
            high = max(high, value)
        }
        return (low, high)
    }
}
