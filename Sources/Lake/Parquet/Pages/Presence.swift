internal import Platform

/// Which rows of a nullable column have a value, one bit each; and those values without the missing ones.
///
/// - Shape: bit i % 64 of word i / 64 is row i; bits behind the last row are zero.
final class Presence {
    private let words = Column<UInt64>()
    /// Rows without a value.
    private(set) var nullCount = 0
    /// Whether some rows have a value, and others do not.
    private(set) var isMixed = false

    /// All rows have a value.
    func setAllPresent() {
        nullCount = 0
        isMixed = false
    }

    /// Copies the values that are not missing to `target`, which has room for all of them.
    ///
    /// - Returns: values copied.
    @inline(__always)
    func compact<Value, Result>(
        _ rows: Int, from source: UnsafePointer<Value>, to target: UnsafeMutablePointer<Result>,
        isMissing: (Value) -> Bool, _ convert: (Value) -> Result
    ) -> Int {
        words.removeAll()
        words.reserve((rows + 63) / 64)
        var used = 0
        for start in stride(from: 0, to: rows, by: 64) {
            var word: UInt64 = 0
            for index in 0..<min(64, rows - start) {
                let value = unsafe source[start + index]
                let isPresent: UInt64 = isMissing(value) ? 0 : 1
                word |= isPresent &<< UInt64(truncatingIfNeeded: index)
                unsafe target[used] = convert(value)
                used &+= Int(truncatingIfNeeded: isPresent)
            }
            words.append(word)
        }
        nullCount = rows - used
        isMixed = used > 0 && used < rows
        return used
    }

    /// Rows of a range that have a value.
    ///
    /// - Parameter rows: starts at a multiple of 64.
    func presentCount(_ rows: Range<Int>) -> Int {
        guard nullCount > 0 else { return rows.count }
        var count = 0
        for place in rows.lowerBound / 64..<(rows.upperBound + 63) / 64 {
            count += (words[place] & mask(place, rows.upperBound)).nonzeroBitCount
        }
        return count
    }

    /// The bits of a word that belong to rows before `end`.
    private func mask(_ place: Int, _ end: Int) -> UInt64 { ~0 >> UInt64(max(0, 64 - (end - place * 64))) }

    /// Appends the definition levels of a range of rows: 1 where there is a value, else 0.
    ///
    /// - Parameter rows: starts at a multiple of 64.
    func encodeLevels(_ rows: Range<Int>, into target: ByteBuffer) {
        guard nullCount > 0 else { return Self.run(rows.count, of: 1, target) }
        var place = rows.lowerBound / 64
        let end = (rows.upperBound + 63) / 64
        while place < end {
            if let level = uniformLevel(place, rows.upperBound) {
                let first = place
                repeat { place += 1 } while place < end && uniformLevel(place, rows.upperBound) == level
                Self.run(min(rows.upperBound, place * 64) - first * 64, of: level, target)
            } else {
                place = packLevels(place, end, rows.upperBound, target)
            }
        }
    }

    /// The level of all rows of a word; nil where they differ.
    private func uniformLevel(_ place: Int, _ end: Int) -> UInt8? {
        let mask = mask(place, end)
        let word = words[place] & mask
        return word == mask ? 1 : word == 0 ? 0 : nil
    }

    private static func run(_ count: Int, of level: UInt8, _ target: ByteBuffer) {
        target.appendVarint(UInt64(count) << 1)
        target.append(level)
    }

    /// Appends up to seven words, so that the header is one byte, as they are.
    ///
    /// - Returns: the word behind them.
    private func packLevels(_ first: Int, _ end: Int, _ rowEnd: Int, _ target: ByteBuffer) -> Int {
        let header = target.count
        target.append(0)
        var place = first
        var groups = 0
        repeat {
            let bytes = (min(64, rowEnd - place * 64) + 7) / 8
            target.appendLittleEndian(words[place] & mask(place, rowEnd), bytes: bytes)
            groups += bytes
            place += 1
        } while place < end && place - first < 7 && uniformLevel(place, rowEnd) == nil
        target[header] = UInt8(groups << 1 | 1)
        return place
    }
}
