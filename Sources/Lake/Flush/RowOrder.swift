internal import Market
internal import Platform

/// The order in which rows of memory parts go into a file: each row as the number of its part and its place in it.
///
/// Parts hold their rows in the order of the journal, which is also how rows with the same key stand in the file. The
/// memory is used again from flush to flush.
/// - Threading: one thread at a time.
@safe
final class RowOrder {
    /// Part in the upper 16 bits, row of its columns in the lower.
    private(set) var rows = Column<UInt32>()
    /// The time column's value of each row.
    private(set) var times = Column<Int64>()
    private var groups = Column<UInt32>()
    private var otherRows = Column<UInt32>()
    private var otherTimes = Column<Int64>()
    private var otherGroups = Column<UInt32>()

    static let partsMax = 1 << 16

    var count: Int { rows.count }

    /// The partitions that rows belong to, by their first days, the earliest first.
    static func partitions(_ parts: [HotPart], _ schema: TableSchema) -> [CivilDate] {
        var days: Set<CivilDate> = []
        for part in parts {
            let times = unsafe part.int64(schema.timeColumn).pointer
            var span: Range<Int64> = 0..<0
            for row in part.rows {
                let time = unsafe times[row]
                if span.contains(time) { continue }
                let day = schema.partition.firstDay(ofNs: time)
                days.insert(day)
                span = schema.partition.spanNs(firstDay: day)
            }
        }
        return days.sorted()
    }

    /// Takes the rows of a stretch of time, in the order of the parts.
    func fill(_ parts: [HotPart], timeColumn: String, spanNs: Range<Int64>) {
        precondition(parts.count <= Self.partsMax, "too many parts for one file")
        let most = parts.reduce(0) { $0 + $1.rows.count }
        for column in [rows, otherRows, groups, otherGroups] {
            column.removeAll()
            column.reserve(most)
        }
        for column in [times, otherTimes] {
            column.removeAll()
            column.reserve(most)
        }
        let (start, end) = (spanNs.lowerBound, spanNs.upperBound)
        let (rows, times) = unsafe (self.rows.pointer, self.times.pointer)
        var count = 0
        for (number, part) in parts.enumerated() {
            let source = unsafe part.int64(timeColumn).pointer
            let code = UInt32(number << 16)
            for row in part.rows {
                let time = unsafe source[row]
                unsafe rows[count] = code | UInt32(truncatingIfNeeded: row)
                unsafe times[count] = time
                count += time >= start && time < end ? 1 : 0
            }
        }
        self.rows.truncateOrExtend(to: count)
        self.times.truncateOrExtend(to: count)
    }

    /// Sorts by the groups of a key, then by time, then as before.
    ///
    /// - Complexity: linear in the rows, and n log n in those that are behind an earlier row of their group.
    func sort(_ parts: [HotPart], by key: SortKey) {
        let highest = key.writeGroups(of: rows, in: parts, to: groups)
        // Least significant digit first; each pass keeps the order of the one before.
        var shift = UInt32(0)
        while shift < 32, highest >> shift > 0 {
            distribute(digitAt: shift, highest: highest)
            shift += 16
        }
        guard key.hasTime else { return }
        let groups = unsafe self.groups.pointer
        var start = 0
        while start < count {
            let group = unsafe groups[start]
            var end = start + 1
            while end < count, unsafe groups[end] == group { end += 1 }
            sortTimes(start..<end)
            start = end
        }
    }

    private func distribute(digitAt shift: UInt32, highest: UInt32) {
        let digits = Int(min(highest >> shift, 0xffff)) + 1
        let count = count
        let (rows, times, groups) = unsafe (self.rows.pointer, self.times.pointer, self.groups.pointer)
        let (toRows, toTimes, toGroups) = unsafe (otherRows.pointer, otherTimes.pointer, otherGroups.pointer)
        unsafe withUnsafeTemporaryAllocation(of: UInt32.self, capacity: digits) { places in
            unsafe places.initialize(repeating: 0)
            for index in 0..<count { unsafe places[Int(groups[index] >> shift & 0xffff)] &+= 1 }
            var sum: UInt32 = 0
            for digit in 0..<digits {
                let rowsOfDigit = unsafe places[digit]
                unsafe places[digit] = sum
                sum += rowsOfDigit
            }
            for index in 0..<count {
                let group = unsafe groups[index]
                let digit = Int(group >> shift & 0xffff)
                let place = unsafe Int(places[digit])
                unsafe places[digit] &+= 1
                unsafe toRows[place] = rows[index]
                unsafe toTimes[place] = times[index]
                unsafe toGroups[place] = group
            }
        }
        for column in [otherRows, otherGroups] { column.truncateOrExtend(to: count) }
        otherTimes.truncateOrExtend(to: count)
        swap(&self.rows, &otherRows)
        swap(&self.times, &otherTimes)
        swap(&self.groups, &otherGroups)
    }

    /// A row that is behind an earlier one of its group.
    private struct Late {
        let time: Int64
        let row: UInt32
        let place: Int
    }

    /// Sorts the rows of a group by time: those that are behind an earlier one are taken out, sorted, and merged in.
    private func sortTimes(_ range: Range<Int>) {
        let (rows, times) = unsafe (self.rows.pointer, self.times.pointer)
        var latest = Int64.min
        var kept = range.lowerBound
        while kept < range.upperBound, unsafe times[kept] >= latest {
            latest = unsafe times[kept]
            kept += 1
        }
        guard kept < range.upperBound else { return }
        var late: [Late] = []
        for index in kept..<range.upperBound {
            let time = unsafe times[index]
            if time < latest {
                late.append(unsafe Late(time: time, row: rows[index], place: index))
            } else {
                latest = time
                unsafe times[kept] = time
                unsafe rows[kept] = rows[index]
                kept += 1
            }
        }
        late.sort { ($0.time, $0.place) < ($1.time, $1.place) }
        // From the back: a late row stands behind the rows of its time that were in order, as it came after them.
        var target = range.upperBound - 1
        var source = kept - 1
        while let last = late.last {
            if source >= range.lowerBound, unsafe times[source] > last.time {
                unsafe times[target] = times[source]
                unsafe rows[target] = rows[source]
                source -= 1
            } else {
                unsafe times[target] = last.time
                unsafe rows[target] = last.row
                late.removeLast()
            }
            target -= 1
        }
    }
}
