/// Numbers for byte strings: an open-addressing hash that never forgets.
///
/// - Threading: one thread at a time.
struct ByteTable {
    private struct Slot {
        var hash: UInt64 = 0
        /// Where its bytes start; negative while the slot is free.
        var start = -1
        var count = 0
        var number: UInt32 = 0
    }
    private var slots = [Slot](repeating: Slot(), count: 64)
    private var bytes: [UInt8] = []
    private var used = 0

    /// The number of `key`; asks `make` where it is not known.
    @safe
    mutating func number(of key: UnsafeRawBufferPointer, make: () -> UInt32) -> UInt32 {
        // FNV-1a, good enough for short names.
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for index in 0..<key.count { hash = (hash ^ UInt64(unsafe key[index])) &* 0x100_0000_01b3 }
        var place = Int(truncatingIfNeeded: hash) & (slots.count - 1)
        while slots[place].start >= 0 {
            let slot = slots[place]
            if slot.hash == hash, slot.count == key.count, unsafe isEqual(slot, key) { return slot.number }
            place = (place + 1) & (slots.count - 1)
        }
        let number = make()
        slots[place] = Slot(hash: hash, start: bytes.count, count: key.count, number: number)
        unsafe bytes.append(contentsOf: key)
        used += 1
        if 2 * used > slots.count { grow() }
        return number
    }

    private func isEqual(_ slot: Slot, _ key: UnsafeRawBufferPointer) -> Bool {
        for index in 0..<key.count where unsafe bytes[slot.start + index] != key[index] { return false }
        return true
    }

    private mutating func grow() {
        let old = slots
        slots = [Slot](repeating: Slot(), count: old.count * 2)
        for slot in old where slot.start >= 0 {
            var place = Int(truncatingIfNeeded: slot.hash) & (slots.count - 1)
            while slots[place].start >= 0 { place = (place + 1) & (slots.count - 1) }
            slots[place] = slot
        }
    }
}
