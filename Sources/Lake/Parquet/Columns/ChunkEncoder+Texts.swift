internal import Glibc
internal import Market
internal import Platform

/// Numbers the texts of a column that a row group uses, in the order in which they come.
///
/// A dictionary of Tapedeck may hold a text several times (the venue of each instrument); a page's holds it once.
final class TextNumbers {
    static let unseen = UInt32.max

    private var source = StringDictionary(values: [])
    /// By index of the source, the first index with the same text.
    private var canonical: [UInt32] = []
    /// By index of the source, the number in this row group; one more at the end.
    fileprivate let numbers = Column<UInt32>()
    /// The used indices by number.
    private(set) var used: [UInt32] = []

    /// Starts a row group.
    func begin(_ dictionary: StringDictionary) {
        used.removeAll(keepingCapacity: true)
        if source !== dictionary {
            source = dictionary
            // Two forms of the same characters are equal as texts and not as bytes.
            var first: [[UInt8]: UInt32] = [:]
            canonical = dictionary.values.enumerated().map { index, text in
                let key = Array(text.utf8)
                if let known = first[key] { return known }
                first[key] = UInt32(index)
                return UInt32(index)
            }
        }
        numbers.removeAll()
        numbers.reserve(canonical.count + 1)
        for _ in canonical { numbers.append(Self.unseen) }
        numbers.append(0)
    }

    /// The number of a text that has none yet.
    func number(_ index: Int) -> UInt32 {
        let first = Int(canonical[index])
        if numbers[first] == Self.unseen {
            numbers[first] = UInt32(used.count)
            used.append(UInt32(first))
        }
        numbers[index] = numbers[first]
        return numbers[index]
    }
}

extension ChunkEncoder {
    /// Places in a dictionary of the texts that occur.
    func encode<Index: FixedWidthInteger & UnsignedInteger>(
        _ indices: UnsafePointer<Index>, _ dictionary: StringDictionary, _ texts: TextNumbers, _ rows: Int,
        _ isNullable: Bool
    ) -> ParquetStatistics {
        texts.begin(dictionary)
        numbers.removeAll()
        numbers.reserve(rows)
        let target = unsafe numbers.pointer
        let known = unsafe texts.numbers.pointer
        let count = dictionary.values.count
        // Behind the numbers of the texts stands one for what is missing, so that no row needs a branch.
        @inline(__always)
        func number(_ index: Index) -> UInt32 {
            let place = min(Int(truncatingIfNeeded: index), count)
            let number = unsafe known[place]
            return number == TextNumbers.unseen ? texts.number(place) : number
        }
        let largest = unsafe Self.largest(indices, rows, isNullable)
        precondition(largest < count, "an index is a place in its dictionary")
        if isNullable {
            _ = unsafe presence.compact(rows, from: indices, to: target, isMissing: { $0 == Index.max }, number)
        } else {
            for row in 0..<rows { unsafe target[row] = number(indices[row]) }
        }
        var statistics = ParquetStatistics()
        statistics.nullCount = Int64(presence.nullCount)
        for index in texts.used {
            let text = dictionary.values[Int(index)]
            pages.body.appendLittleEndian(UInt64(text.utf8.count), bytes: 4)
            pages.body.append(text)
            statistics.merge(ParquetStatistics(minimum: .text(text), maximum: .text(text)))
        }
        guard !texts.used.isEmpty else {
            writePages(rows, isNullable, .plain) { _ in }
            return statistics
        }
        writeDictionary(values: texts.used.count, count: rows - presence.nullCount, rows, isNullable)
        return statistics
    }

    /// The largest index that is not the sentinel of a missing one; -1 of none.
    private static func largest<Index: FixedWidthInteger & UnsignedInteger>(
        _ indices: UnsafePointer<Index>, _ rows: Int, _ isNullable: Bool
    ) -> Int {
        // The sentinel plus one wraps to zero.
        var largest: Index = 0
        if isNullable {
            for row in 0..<rows { largest = unsafe max(largest, indices[row] &+ 1) }
            return Int(truncatingIfNeeded: largest) - 1
        }
        for row in 0..<rows { largest = unsafe max(largest, indices[row]) }
        return rows == 0 ? -1 : Int(truncatingIfNeeded: largest)
    }

    /// Lengths as differences, then all bytes.
    ///
    /// A page ends with the row that fills it, so that a long value is alone in its own.
    func byteArrays(
        _ offsets: UnsafePointer<Int64>, _ bytes: UnsafePointer<UInt8>, _ rows: Int, _ isNullable: Bool, isText: Bool
    ) throws(LakeError) -> ParquetStatistics {
        var statistics = ParquetStatistics()
        if isText { unsafe Self.setBounds(&statistics, offsets, bytes, rows) }
        let body = pages.body
        var start = 0
        while start < rows {
            let first = unsafe offsets[start]
            halfWords.removeAll()
            var end = start
            repeat {
                let length = unsafe offsets[end + 1] - offsets[end]
                guard length < Int32.max / 2 else {
                    throw LakeError(
                        .unsupported, "a value of \(length) bytes does not fit into a page", operation: "write Parquet")
                }
                halfWords.append(UInt32(length))
                end += 1
            } while unsafe end < rows && offsets[end + 1] - first <= pageBytes
            unsafe halfWords.pointer.withMemoryRebound(to: Int32.self, capacity: end - start) { lengths in
                unsafe DeltaBinaryPacking.encode(lengths, count: end - start, into: body)
            }
            let count = unsafe Int(offsets[end] - first)
            unsafe body.append(contentsOf: UnsafeRawBufferPointer(start: bytes + Int(first), count: count))
            pages.dataPage(
                .deltaLengthByteArray, isNullable ? presence : nil, rows: start..<end, values: end - start)
            start = end
        }
        return statistics
    }

    /// The first and last text by their bytes.
    private static func setBounds(
        _ statistics: inout ParquetStatistics, _ offsets: UnsafePointer<Int64>, _ bytes: UnsafePointer<UInt8>,
        _ rows: Int
    ) {
        guard rows > 0 else { return }
        func value(_ row: Int) -> UnsafeBufferPointer<UInt8> {
            unsafe UnsafeBufferPointer(start: bytes + Int(offsets[row]), count: Int(offsets[row + 1] - offsets[row]))
        }
        func precedes(_ left: UnsafeBufferPointer<UInt8>, _ right: UnsafeBufferPointer<UInt8>) -> Bool {
            let order = unsafe memcmp(left.baseAddress!, right.baseAddress!, min(left.count, right.count))
            return order < 0 || order == 0 && left.count < right.count
        }
        var low = 0, high = 0
        for row in 1..<rows {
            if unsafe precedes(value(row), value(low)) { low = row }
            if unsafe precedes(value(high), value(row)) { high = row }
        }
        statistics.minimum = .text(unsafe String(decoding: value(low), as: UTF8.self))
        statistics.maximum = .text(unsafe String(decoding: value(high), as: UTF8.self))
    }
}
