internal import Platform

/// Numbers the distinct 64-bit values of a column in the order in which they come.
///
/// - Shape: an open hash table that grows with the values; 16 bytes a slot, at most half of the slots used.
@safe
final class ValueDictionary {
    private struct Slot {
        var key: UInt64
        var number: UInt32
    }

    private static let empty = UInt32.max
    /// Values between two looks at the size of the table.
    private static let chunk = 1024
    private static let smallest = 12

    private var slots: UnsafeMutablePointer<Slot>
    private var slotBits = ValueDictionary.smallest
    /// The distinct values by number.
    let values = Column<UInt64>()

    init() {
        unsafe slots = .allocate(capacity: 1 << ValueDictionary.smallest)
        clear()
    }

    deinit { unsafe slots.deallocate() }

    private func clear() {
        unsafe slots.update(repeating: Slot(key: 0, number: Self.empty), count: 1 << slotBits)
    }

    func removeAll() {
        if slotBits > Self.smallest + 4 || values.count > 0 { resize(Self.smallest) }
        values.removeAll()
    }

    private func resize(_ bits: Int) {
        if bits != slotBits {
            unsafe slots.deallocate()
            slotBits = bits
            unsafe slots = .allocate(capacity: 1 << bits)
        }
        clear()
    }

    private func grow() {
        resize(slotBits + 2)
        let mask = 1 << slotBits - 1
        for number in 0..<values.count {
            var place = hash(values[number])
            while unsafe slots[place].number != Self.empty { place = (place + 1) & mask }
            unsafe slots[place] = Slot(key: values[number], number: UInt32(number))
        }
    }

    @inline(__always)
    private func hash(_ key: UInt64) -> Int {
        // Fibonacci hashing; the fold first, since doubles of few decimals differ in their high bits only.
        Int(truncatingIfNeeded: ((key ^ key &>> 32) &* 0x9e37_79b9_7f4a_7c15) &>> UInt64(64 &- slotBits))
    }

    /// Writes the number of each value.
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
        let mask = 1 << slotBits - 1
        let slots = unsafe slots
        for index in 0..<count {
            let key = unsafe source[index &* stride]
            var place = hash(key)
            while true {
                let slot = unsafe slots[place]
                if slot.number == Self.empty {
                    let number = UInt32(truncatingIfNeeded: values.count)
                    unsafe slots[place] = Slot(key: key, number: number)
                    values.append(key)
                    unsafe numbers[index] = number
                    break
                }
                if slot.key == key {
                    unsafe numbers[index] = slot.number
                    break
                }
                place = (place &+ 1) & mask
            }
        }
    }
}
