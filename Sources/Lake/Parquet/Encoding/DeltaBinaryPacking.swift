internal import Platform

/// Integers as differences to their predecessors, bit-packed less the smallest difference of a block.
///
/// Blocks of 128 in four miniblocks of 32, as most writers choose. Differences wrap, so all values can be encoded.
/// - Source: Apache Parquet format, "Encodings", DELTA_BINARY_PACKED.
enum DeltaBinaryPacking {
    private static let blockValues = 128
    private static let miniblockValues = 32
    private static let miniblocks = 4

    /// Appends a sequence of integers.
    static func encode<Value: FixedWidthInteger & SignedInteger>(
        _ values: UnsafePointer<Value>, count: Int, into target: ByteBuffer
    ) where Value.Magnitude: FixedWidthInteger & UnsignedInteger {
        target.appendVarint(UInt64(blockValues))
        target.appendVarint(UInt64(miniblocks))
        target.appendVarint(UInt64(count))
        target.appendZigzag(count > 0 ? unsafe Int64(values[0]) : 0)
        unsafe withUnsafeTemporaryAllocation(of: Value.self, capacity: blockValues) { deltas in
            let deltas = deltas.baseAddress!
            for start in stride(from: 1, to: count, by: blockValues) {
                unsafe encodeBlock(values + start, min(blockValues, count - start), deltas, target)
            }
        }
    }

    /// - Parameter values: the value before them is read too.
    @inline(__always)
    private static func encodeBlock<Value: FixedWidthInteger & SignedInteger>(
        _ values: UnsafePointer<Value>, _ count: Int, _ deltas: UnsafeMutablePointer<Value>, _ target: ByteBuffer
    ) where Value.Magnitude: FixedWidthInteger & UnsignedInteger {
        let minimum = unsafe differences(values, count, deltas)
        // What fills the last miniblock must be small, and is: it becomes zero.
        for index in count..<blockValues { unsafe deltas[index] = minimum }
        target.appendZigzag(Int64(minimum))
        let widths = target.count
        target.appendLittleEndian(0, bytes: miniblocks)
        let used = (count + miniblockValues - 1) / miniblockValues
        for miniblock in 0..<used {
            let first = unsafe deltas + miniblock * miniblockValues
            var union: Value.Magnitude = 0
            for index in 0..<miniblockValues {
                let offset = unsafe first[index] &- minimum
                unsafe first[index] = offset
                union |= Value.Magnitude(truncatingIfNeeded: offset)
            }
            let width = BitPacking.width(union)
            target[widths + miniblock] = UInt8(truncatingIfNeeded: width)
            let bytes = unsafe first.withMemoryRebound(to: Value.Magnitude.self, capacity: miniblockValues) { offsets in
                unsafe BitPacking.pack(
                    offsets, count: miniblockValues, width: width, to: target.room(miniblockValues * 8 + 16))
            }
            target.truncateOrExtend(to: target.count + bytes)
        }
    }

    /// Writes the differences of values to their predecessors.
    ///
    /// - Returns: the smallest.
    @inline(__always)
    private static func differences<Value: FixedWidthInteger & SignedInteger>(
        _ values: UnsafePointer<Value>, _ count: Int, _ deltas: UnsafeMutablePointer<Value>
    ) -> Value {
        var minimum = Value.max
        for index in 0..<count {
            let delta = unsafe values[index] &- values[index - 1]
            unsafe deltas[index] = delta
            minimum = min(minimum, delta)
        }
        return minimum
    }

    /// Bytes that a value would take, judged by some blocks spread over the values.
    static func estimatedBytesPerValue<Value: FixedWidthInteger & SignedInteger>(
        _ values: UnsafePointer<Value>, count: Int
    ) -> Double where Value.Magnitude: FixedWidthInteger & UnsignedInteger {
        let samples = 16
        let sample = Column<UInt8>(capacity: samples * (blockValues * MemoryLayout<Value>.size + 32))
        guard count > samples * blockValues else {
            unsafe encode(values, count: count, into: sample)
            return Double(sample.count) / Double(max(1, count))
        }
        unsafe withUnsafeTemporaryAllocation(of: Value.self, capacity: blockValues) { deltas in
            for index in 0..<samples {
                let start = 1 + (count - blockValues - 1) / (samples - 1) * index
                unsafe encodeBlock(values + start, blockValues, deltas.baseAddress!, sample)
            }
        }
        return Double(sample.count) / Double(samples * blockValues)
    }
}
