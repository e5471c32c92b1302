internal import Platform

/// Small numbers as runs of one number or as bit-packed groups of eight.
///
/// - Source: Apache Parquet format, "Encodings", run length / bit-packing hybrid (RLE).
enum RunLengthPacking {
    /// Numbers looked at together; a shorter run is not worth a header of its own.
    private static let blockValues = 32
    /// So that the header of a bit-packed run is one byte.
    private static let packedBlocks = 15

    /// Appends numbers of at most `width` bits.
    static func encode(_ values: UnsafePointer<UInt32>, count: Int, width: Int, into target: ByteBuffer) {
        var place = 0
        while place < count {
            let run = unsafe runLength(values + place, count - place)
            if run >= blockValues || run == count - place {
                target.appendVarint(UInt64(run) << 1)
                unsafe target.appendLittleEndian(UInt64(values[place]), bytes: (width + 7) / 8)
                place += run
            } else {
                place += unsafe packRun(values + place, count - place, width, target)
            }
        }
    }

    /// How often the first number stands at the front.
    @inline(__always)
    private static func runLength(_ values: UnsafePointer<UInt32>, _ count: Int) -> Int {
        let first = unsafe values[0]
        var length = 1
        while length + 8 <= count {
            var difference: UInt32 = 0
            for index in 0..<8 { difference |= unsafe values[length + index] ^ first }
            if difference != 0 { break }
            length += 8
        }
        while length < count, unsafe values[length] == first { length += 1 }
        return length
    }

    /// Packs blocks up to the next run that is worth it.
    ///
    /// - Returns: numbers packed.
    @inline(__always)
    private static func packRun(
        _ values: UnsafePointer<UInt32>, _ count: Int, _ width: Int, _ target: ByteBuffer
    ) -> Int {
        let header = target.count
        target.append(0)
        var groups = 0
        var place = 0
        repeat {
            let room = unsafe target.room(blockValues * 4 + 16)
            let left = count - place
            if left >= blockValues {
                let bytes = unsafe BitPacking.pack(values + place, count: blockValues, width: width, to: room)
                target.truncateOrExtend(to: target.count + bytes)
                groups += blockValues / 8
                place += blockValues
            } else {
                let used = (left + 7) / 8
                unsafe withUnsafeTemporaryAllocation(of: UInt32.self, capacity: blockValues) { last in
                    unsafe last.initialize(repeating: 0)
                    for index in 0..<left { unsafe last[index] = values[place + index] }
                    let bytes = unsafe BitPacking.pack(
                        UnsafePointer(last.baseAddress!), count: used * 8, width: width, to: room)
                    target.truncateOrExtend(to: target.count + bytes)
                }
                groups += used
                place = count
            }
        } while unsafe place < count && groups < packedBlocks * blockValues / 8
            && runLength(values + place, min(blockValues, count - place)) < blockValues
        target[header] = UInt8(groups << 1 | 1)
        return place
    }
}
