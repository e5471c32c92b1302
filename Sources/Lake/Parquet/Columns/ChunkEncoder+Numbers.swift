internal import Platform

extension ChunkEncoder {
    /// Differences, or places in a dictionary where those are shorter.
    func integers<Value: FixedWidthInteger & SignedInteger>(
        _ source: UnsafePointer<Value>, _ rows: Int, _ isNullable: Bool
    ) -> ParquetStatistics where Value.Magnitude: FixedWidthInteger & UnsignedInteger {
        var statistics = ParquetStatistics()
        var values = unsafe source
        var count = rows
        var range = unsafe Self.range(values, count)
        if isNullable, range?.low == Value.min {
            let target = unsafe compacted(rows, as: Value.self)
            count = unsafe presence.compact(rows, from: source, to: target, isMissing: { $0 == Value.min }) { $0 }
            unsafe values = UnsafePointer(target)
            range = unsafe Self.range(values, count)
            statistics.nullCount = Int64(presence.nullCount)
        }
        if let (low, high) = range {
            statistics.minimum = .integer(Int64(low))
            statistics.maximum = .integer(Int64(high))
            let plan = unsafe IntegerPlan(values, count: count, low: low, high: high, dictionary)
            if plan.isRange {
                unsafe writeRange(values, count, low, high, rows, isNullable)
                return statistics
            }
            if plan.usesDictionary, unsafe writeDistinct(values, count, limit: count / 5, rows, isNullable) {
                return statistics
            }
        }
        let body = pages.body
        let final = unsafe values
        writePages(rows, isNullable, .deltaBinaryPacked) { range in
            unsafe DeltaBinaryPacking.encode(final + range.lowerBound, count: range.count, into: body)
        }
        return statistics
    }

    /// Places in a dictionary where values repeat, else the values.
    func doubles(
        _ source: UnsafePointer<Double>, _ rows: Int, _ isNullable: Bool
    ) -> ParquetStatistics {
        var statistics = ParquetStatistics()
        unsafe statistics.setBounds(source, count: rows)
        var values = unsafe source
        var count = rows
        if isNullable {
            if statistics.hasNaN {
                let target = unsafe compacted(rows, as: Double.self)
                count = unsafe presence.compact(rows, from: source, to: target, isMissing: { $0 != $0 }) { $0 }
                unsafe values = UnsafePointer(target)
            }
            statistics.hasNaN = false
            statistics.nullCount = Int64(presence.nullCount)
        }
        let isRepetitive =
            unsafe count > 0
            && IntegerPlan.estimatedDistinct(
                UnsafeRawPointer(values).assumingMemoryBound(to: UInt64.self), count: count, dictionary)
                < Double(count) * 0.6
        if isRepetitive, unsafe writeDistinct(values, count, limit: count * 2 / 5, rows, isNullable) {
            return statistics
        }
        unsafe writePlain(values, bytes: 8, rows, isNullable)
        return statistics
    }

    /// Room for the values that are not missing.
    private func compacted<Value>(_ rows: Int, as type: Value.Type) -> UnsafeMutablePointer<Value> {
        words.removeAll()
        words.reserve(rows)
        return unsafe UnsafeMutableRawPointer(words.pointer).bindMemory(to: Value.self, capacity: rows)
    }

    /// Writes values of a small range as places in the dictionary of all its values, used or not.
    private func writeRange<Value: FixedWidthInteger & SignedInteger>(
        _ values: UnsafePointer<Value>, _ count: Int, _ low: Value, _ high: Value, _ rows: Int, _ isNullable: Bool
    ) {
        numbers.removeAll()
        numbers.reserve(count)
        let target = unsafe numbers.pointer
        for index in 0..<count { unsafe target[index] = UInt32(truncatingIfNeeded: values[index] &- low) }
        for value in low...high {
            pages.body.appendLittleEndian(UInt64(truncatingIfNeeded: value), bytes: MemoryLayout<Value>.size)
        }
        writeDictionary(values: Int(high - low) + 1, count: count, rows, isNullable)
    }

    /// Writes 64-bit values as places in a dictionary.
    ///
    /// - Returns: false, with nothing written, where there are too many distinct ones.
    private func writeDistinct<Value>(
        _ values: UnsafePointer<Value>, _ count: Int, limit: Int, _ rows: Int, _ isNullable: Bool
    ) -> Bool {
        precondition(MemoryLayout<Value>.size == 8, "the dictionary holds words of 64 bits")
        dictionary.removeAll()
        numbers.removeAll()
        numbers.reserve(count)
        let isSmall = unsafe dictionary.encode(
            UnsafeRawPointer(values).assumingMemoryBound(to: UInt64.self), count: count, limit: limit,
            into: numbers.pointer)
        guard isSmall else { return false }
        unsafe pages.body.append(contentsOf: UnsafeRawBufferPointer(dictionary.values.buffer))
        writeDictionary(values: dictionary.values.count, count: count, rows, isNullable)
        return true
    }
}

/// How integers are encoded best, judged by their range and by samples.
struct IntegerPlan {
    /// Few possible values: the dictionary is their range.
    private(set) var isRange = false
    /// Few distinct values.
    private(set) var usesDictionary = false

    private static let samples = 2048

    init<Value: FixedWidthInteger & SignedInteger>(
        _ values: UnsafePointer<Value>, count: Int, low: Value, high: Value, _ dictionary: ValueDictionary
    ) where Value.Magnitude: FixedWidthInteger & UnsignedInteger {
        let size = Double(MemoryLayout<Value>.size)
        let delta = unsafe DeltaBinaryPacking.estimatedBytesPerValue(values, count: count)
        // Wraps where the range is larger than half of all numbers; then it is negative.
        let range = high &- low
        if range >= 0 && range < 1 << 16 {
            let bits = Double(BitPacking.width(UInt64(range)))
            isRange = bits / 8 + (Double(range) + 1) * size / Double(count) < delta
            if isRange { return }
        }
        guard Value.bitWidth == 64, delta > 1, count > Self.samples else { return }
        let distinct = unsafe Self.estimatedDistinct(
            UnsafeRawPointer(values).assumingMemoryBound(to: UInt64.self), count: count, dictionary)
        guard distinct < Double(count) / 5 else { return }
        let bits = Double(BitPacking.width(UInt64(distinct)))
        usesDictionary = bits / 8 + distinct * size / Double(count) < delta * 0.9
    }

    /// About how many distinct values there are, from how often samples meet again.
    ///
    /// Of N equally frequent values, s samples show N (1 - e^(-s/N)) distinct ones.
    static func estimatedDistinct(
        _ values: UnsafePointer<UInt64>, count: Int, _ dictionary: ValueDictionary
    ) -> Double {
        let samples = min(count, Self.samples)
        dictionary.removeAll()
        unsafe withUnsafeTemporaryAllocation(of: UInt32.self, capacity: samples) { numbers in
            _ = unsafe dictionary.encode(
                values, count: samples, stride: count / samples, limit: .max, into: numbers.baseAddress!)
        }
        let seen = Double(dictionary.values.count)
        guard samples < count else { return seen }
        var low = seen, high = Double(count)
        for _ in 0..<24 {
            let middle = (low + high) / 2
            let expected = middle * (1 - exponential(-Double(samples) / middle))
            if expected < seen { low = middle } else { high = middle }
        }
        return low
    }

    /// e to a power between -1 and 0 exactly enough, below -1 by squaring.
    private static func exponential(_ power: Double) -> Double {
        if power < -1 {
            let half = exponential(power / 2)
            return half * half
        }
        return 1 + power * (1 + power / 2 * (1 + power / 3 * (1 + power / 4 * (1 + power / 5 * (1 + power / 6)))))
    }
}
