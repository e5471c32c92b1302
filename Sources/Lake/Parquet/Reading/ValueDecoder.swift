internal import Platform

/// Turns the pages of a column of values of one width into values.
///
/// - Threading: one thread at a time.
final class ValueDecoder<Value: StoredValue> {
    private let pages: ChunkPages
    private let missing: Value
    private let dictionary = Column<Value>()
    private let dense = Column<Value>()
    private let sparse = Column<Value>()
    private let places = Column<UInt32>()

    init(_ pages: ChunkPages, missing: Value) {
        self.pages = pages
        self.missing = missing
    }

    /// Hands over the values of some rows of a row group, in order.
    ///
    /// - Parameters:
    ///   - readDictionary: reads the values of a page that is a dictionary.
    ///   - body: gets values, and how many they are; they may be more than are left of the row group's.
    func decode(
        _ rows: Range<Int>, of groupRows: Int, isNullable: Bool,
        dictionary readDictionary: (inout BitUnpacking, _ count: Int, Column<Value>) throws(ParquetUnreadable) -> Void,
        _ body: (UnsafePointer<Value>, Int) -> Void
    ) throws(ParquetUnreadable) {
        dictionary.removeAll()
        pages.begin()
        var first = 0
        while first < rows.upperBound {
            guard let page = try pages.next() else { throw ParquetUnreadable("a column has too few rows") }
            if page.isDictionary {
                var values = try pages.read(page, isNullable: false)
                dictionary.removeAll()
                try readDictionary(&values, page.rows, dictionary)
                guard dictionary.count == page.rows else { throw ParquetUnreadable("a dictionary lacks values") }
                continue
            }
            let wanted = rows.clamped(to: first..<first + page.rows)
            guard page.rows <= groupRows - first else { throw ParquetUnreadable("a column has too many rows") }
            if wanted.isEmpty {
                pages.skip(page)
            } else {
                let values = try read(page, isNullable)
                unsafe body(values.pointer + (wanted.lowerBound - first), wanted.count)
            }
            first += page.rows
        }
    }

    /// The values of a page, one for each row.
    private func read(_ page: ChunkPages.Header, _ isNullable: Bool) throws(ParquetUnreadable) -> Column<Value> {
        var source = try pages.read(page, isNullable: isNullable)
        let count = pages.values
        dense.removeAll()
        dense.reserve(count + 1)
        if count > 0 {
            switch ParquetEncoding(rawValue: page.encoding) {
            case .runLengthDictionary: try unsafe look(up: &source, count, dense.pointer)
            case .plain: try unsafe Value.plain(&source, count, dense.pointer)
            case .deltaBinaryPacked: try unsafe Value.deltas(&source, count, dense.pointer)
            default: throw ParquetUnreadable("a page has an encoding that is not written")
            }
        }
        guard let levels = pages.levels else { return dense }
        // Behind the last value stands one that is read and not used.
        unsafe dense.pointer[count] = missing
        sparse.removeAll()
        sparse.reserve(page.rows)
        let (to, from, present) = unsafe (sparse.pointer, dense.pointer, levels.pointer)
        var used = 0
        for row in 0..<page.rows {
            let isPresent = unsafe present[row]
            unsafe to[row] = isPresent != 0 ? from[used] : missing
            used &+= Int(truncatingIfNeeded: isPresent)
        }
        return sparse
    }

    private func look(
        up source: inout BitUnpacking, _ count: Int, _ target: UnsafeMutablePointer<Value>
    ) throws(ParquetUnreadable) {
        places.removeAll()
        places.reserve(count)
        let width = Int(try source.byte())
        try unsafe source.runs(count: count, width: width, into: places.pointer)
        let (from, known) = unsafe (places.pointer, dictionary.pointer)
        var largest: UInt32 = 0
        for place in 0..<count { largest = unsafe max(largest, from[place]) }
        guard Int(largest) < dictionary.count else { throw ParquetUnreadable("a place is not in the dictionary") }
        for place in 0..<count { unsafe target[place] = known[Int(truncatingIfNeeded: from[place])] }
    }
}

/// A value that a column in memory has.
protocol StoredValue: BitwiseCopyable {
    /// Reads values as they are in memory.
    static func plain(
        _ source: inout BitUnpacking, _ count: Int, _ target: UnsafeMutablePointer<Self>
    ) throws(ParquetUnreadable)
    /// Reads values as differences.
    static func deltas(
        _ source: inout BitUnpacking, _ count: Int, _ target: UnsafeMutablePointer<Self>
    ) throws(ParquetUnreadable)
}

extension StoredValue {
    static func plain(
        _ source: inout BitUnpacking, _ count: Int, _ target: UnsafeMutablePointer<Self>
    ) throws(ParquetUnreadable) {
        let bytes = try unsafe source.rest(count * MemoryLayout<Self>.size)
        if let from = bytes.baseAddress {
            unsafe UnsafeMutableRawPointer(target).copyMemory(from: from, byteCount: bytes.count)
        }
    }

    static func deltas(
        _ source: inout BitUnpacking, _ count: Int, _ target: UnsafeMutablePointer<Self>
    ) throws(ParquetUnreadable) {
        throw ParquetUnreadable("differences of values that are no integers")
    }
}

extension StoredValue where Self: FixedWidthInteger {
    static func deltas(
        _ source: inout BitUnpacking, _ count: Int, _ target: UnsafeMutablePointer<Self>
    ) throws(ParquetUnreadable) {
        try unsafe source.deltas(count: count, into: target)
    }
}

extension Int64: StoredValue {}
extension Int32: StoredValue {}
extension Double: StoredValue {}

/// The number of a text.
extension UInt32: StoredValue {
    static func plain(
        _ source: inout BitUnpacking, _ count: Int, _ target: UnsafeMutablePointer<Self>
    ) throws(ParquetUnreadable) {
        throw ParquetUnreadable("texts without a dictionary")
    }
}

/// A truth value, of one bit.
extension UInt8: StoredValue {
    static func plain(
        _ source: inout BitUnpacking, _ count: Int, _ target: UnsafeMutablePointer<Self>
    ) throws(ParquetUnreadable) {
        let bytes = try unsafe source.rest((count + 7) / 8)
        for place in 0..<count { unsafe target[place] = bytes[place >> 3] >> UInt8(place & 7) & 1 }
    }
}
