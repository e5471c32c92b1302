internal import Market
internal import Platform

/// The order in which rows of memory parts go into a file: each row as the number of its part and its place in it.
///
/// Parts hold their rows in the order of the journal, which is also how rows with the same key stand in the file.
struct RowOrder {
    /// Part in the upper 16 bits, row of its columns in the lower.
    private(set) var rows: [UInt32]
    /// The time column's value of each row.
    private(set) var times: [Int64]

    static let partsMax = 1 << 16
    private static let nsPerDay: Int64 = 86_400_000_000_000

    /// The rows of parts by UTC date of a column of nanoseconds, in the order of the parts.
    ///
    /// - Returns: days since 1970 with their rows, the earliest first.
    static func byDate(_ parts: [HotPart], timeColumn: String) -> [(day: Int64, order: RowOrder)] {
        precondition(parts.count <= partsMax, "too many parts for one file")
        var orders: [Int64: RowOrder] = [:]
        var day = Int64.min
        var current = RowOrder(rows: [], times: [])
        for (number, part) in parts.enumerated() {
            let times = unsafe part.int64(timeColumn).pointer
            for row in part.rows {
                let time = unsafe times[row]
                if time < day &* nsPerDay || time >= (day + 1) &* nsPerDay || day == .min {
                    if day != .min { orders[day] = current }
                    day = (time - (time < 0 ? nsPerDay - 1 : 0)) / nsPerDay
                    current = orders.removeValue(forKey: day) ?? RowOrder(rows: [], times: [])
                    if current.rows.isEmpty { current.reserve(part.rows.count) }
                }
                current.rows.append(UInt32(number << 16 | row))
                current.times.append(time)
            }
        }
        if day != .min { orders[day] = current }
        return orders.sorted { $0.key < $1.key }.map { (day: $0.key, order: $0.value) }
    }

    private init(rows: [UInt32], times: [Int64]) {
        self.rows = rows
        self.times = times
    }

    private mutating func reserve(_ count: Int) {
        rows.reserveCapacity(count)
        times.reserveCapacity(count)
    }

    /// Sorts by the groups of a key, then by time, then as before.
    ///
    /// - Complexity: linear in the rows, and n log n in those that are behind an earlier row of their group.
    mutating func sort(_ parts: [HotPart], by key: SortKey) {
        var groups = key.groups(of: rows, in: parts)
        let highest = groups.reduce(0) { max($0, $1) }
        // Least significant digit first; each pass keeps the order of the one before.
        var shift = UInt32(0)
        while shift < 32, highest >> shift > 0 {
            distribute(&groups, digitAt: shift, highest: highest)
            shift += 16
        }
        var start = 0
        while start < rows.count {
            var end = start + 1
            while end < rows.count, groups[end] == groups[start] { end += 1 }
            if key.hasTime { sortTimes(start..<end) }
            start = end
        }
    }

    private mutating func distribute(_ groups: inout [UInt32], digitAt shift: UInt32, highest: UInt32) {
        let digits = Int(min(highest >> shift, 0xffff)) + 1
        var starts = [Int](repeating: 0, count: digits)
        for group in groups { starts[Int(group >> shift & 0xffff)] += 1 }
        var sum = 0
        for digit in starts.indices {
            let count = starts[digit]
            starts[digit] = sum
            sum += count
        }
        var sortedRows = [UInt32](repeating: 0, count: rows.count)
        var sortedTimes = [Int64](repeating: 0, count: rows.count)
        var sortedGroups = [UInt32](repeating: 0, count: rows.count)
        for index in rows.indices {
            let digit = Int(groups[index] >> shift & 0xffff)
            let place = starts[digit]
            starts[digit] = place + 1
            sortedRows[place] = rows[index]
            sortedTimes[place] = times[index]
            sortedGroups[place] = groups[index]
        }
        rows = sortedRows
        times = sortedTimes
        groups = sortedGroups
    }

    /// Sorts the rows of a group by time: those that are behind an earlier one are taken out, sorted, and merged in.
    private mutating func sortTimes(_ range: Range<Int>) {
        var latest = Int64.min
        var late: [(time: Int64, row: UInt32, place: Int)] = []
        var kept = range.lowerBound
        for index in range {
            let time = times[index]
            if time < latest {
                late.append((time, rows[index], index))
            } else {
                latest = time
                if !late.isEmpty {
                    times[kept] = time
                    rows[kept] = rows[index]
                }
                kept += 1
            }
        }
        guard !late.isEmpty else { return }
        late.sort { ($0.time, $0.place) < ($1.time, $1.place) }
        // From the back: a late row stands behind the rows of its time that were in order, as it came after them.
        var target = range.upperBound - 1
        var source = kept - 1
        while let last = late.last {
            if source >= range.lowerBound, times[source] > last.time {
                times[target] = times[source]
                rows[target] = rows[source]
                source -= 1
            } else {
                times[target] = last.time
                rows[target] = last.row
                late.removeLast()
            }
            target -= 1
        }
    }
}
