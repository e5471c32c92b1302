internal import Platform

/// Numbers the distinct 64-bit values of a column in the order in which they come.
///
/// - Shape: an open hash table of numbers, at most half full, which grows with the values; keeps its memory.
@safe
final class ValueDictionary {
    private static let empty = UInt32.max
    /// Values between two looks at the size of the table.
    private static let chunk = 1024
    private static let smallestBits = 12

    private var slots: UnsafeMutablePointer<UInt32>
    private var slotBits = ValueDictionary.smallestBits
    private var allocatedBits = ValueDictionary.smallestBits
    /// The distinct values by number.
    let values = Column<UInt64>()

    init() {
        unsafe slots = .allocate(capacity: 1 << Self.smallestBits)
        clear(Self.smallestBits)
    }

    deinit { unsafe slots.deallocate() }

    func removeAll() {
        clear(Self.smallestBits)
        values.removeAll()
    }

    /// Makes the table empty, with `1 << bits` slots.
    private func clear(_ bits: Int) {
        if bits > allocatedBits {
            unsafe slots.deallocate()
            unsafe slots = .allocate(capacity: 1 << bits)
            allocatedBits = bits
        }
        slotBits = bits
        unsafe slots.update(repeating: Self.empty, count: 1 << bits)
    }

    private func grow() {
        clear(slotBits + 2)
        let mask = 1 << slotBits - 1
        for number in 0..<values.count {
            var place = Self.hash(values[number], slotBits)
            while unsafe slots[place] != Self.empty { place = (place + 1) & mask }
            unsafe slots[place] = UInt32(number)
        }
    }

    @inline(__always)
    private static func hash(_ key: UInt64, _ bits: Int) -> Int {
        // Fibonacci hashing; the fold first, since doubles of few decimals differ in their high bits only.
        Int(truncatingIfNeeded: ((key ^ key &>> 32) &* 0x9e37_79b9_7f4a_7c15) &>> UInt64(64 &- bits))
    }

    /// Writes the number of every `stride`-th value.
    ///
    /// - Returns: false where there are more than about `limit` distinct values; what was written is of no use then.
    func encode(
        _ source: UnsafePointer<UInt64>, count: Int, stride: Int = 1, limit: Int,
        into numbers: UnsafeMutablePointer<UInt32>
    ) -> Bool {
        for start in Swift.stride(from: 0, to: count, by: Self.chunk) {
            if values.count > limit { return false }
            values.reserve(Self.chunk)
            while (values.count + Self.chunk) * 2 > 1 << slotBits { grow() }
            let end = min(count, start + Self.chunk)
            unsafe encodeChunk(source + start * stride, end - start, stride, numbers + start)
        }
        return values.count <= limit
    }

    @inline(__always)
    private func encodeChunk(
        _ source: UnsafePointer<UInt64>, _ count: Int, _ stride: Int, _ numbers: UnsafeMutablePointer<UInt32>
    ) {
        let bits = slotBits
        let mask = 1 << bits - 1
        let slots = unsafe slots
        let known = unsafe values.pointer
        var used = values.count
        for index in 0..<count {
            let key = unsafe source[index &* stride]
            var place = Self.hash(key, bits)
            var number = unsafe slots[place]
            while number != Self.empty, unsafe known[Int(truncatingIfNeeded: number)] != key {
                place = (place &+ 1) & mask
                number = unsafe slots[place]
            }
            if number == Self.empty {
                number = UInt32(truncatingIfNeeded: used)
                unsafe slots[place] = number
                unsafe known[used] = key
                used &+= 1
            }
            unsafe numbers[index] = number
        }
        values.truncateOrExtend(to: used)
    }
}
