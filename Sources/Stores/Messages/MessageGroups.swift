internal import Glibc
internal import Kafka
internal import Platform

/// The messages of a part by their keys: those of one key in order.
struct MessageGroups {
    /// Places of the messages of one key.
    private(set) var places: [[Int]] = []

    /// Groups all messages; in one group where they are to have no order among themselves.
    init(_ messages: OutgoingMessages, byKey: Bool = true) {
        guard byKey else {
            places = [Array(0..<messages.count)]
            return
        }
        var table = GroupTable()
        for place in 0..<messages.count {
            let key = messages.place(place).key
            let hash = unsafe FNV1a.hash(messages.keys.buffer[key])
            let group = table.group(hash) { Self.isEqual(messages, messages.place(places[$0][0]).key, key) }
            if group == places.count { places.append([]) }
            places[group].append(place)
        }
    }

    private static func isEqual(_ messages: OutgoingMessages, _ left: Range<Int>, _ right: Range<Int>) -> Bool {
        let keys = unsafe messages.keys.pointer
        return unsafe left.count == right.count
            && memcmp(keys + left.lowerBound, keys + right.lowerBound, left.count) == 0
    }
}

/// Numbers of groups by hashes of their keys: open addressing, since a dictionary would hash the hash once more, which takes longer
/// than to find the group.
private struct GroupTable {
    /// Groups, -1 where a place is free; a power of two, half of it free at least.
    private var slots = [Int](repeating: -1, count: 128)
    private var hashes: [UInt64] = []

    /// The group of a key, which `isEqual` knows; the next number for a new one.
    @inline(__always)
    mutating func group(_ hash: UInt64, where isEqual: (Int) -> Bool) -> Int {
        var slot = place(hash)
        while slots[slot] >= 0 {
            let group = slots[slot]
            if hashes[group] == hash, isEqual(group) { return group }
            slot = (slot + 1) & (slots.count - 1)
        }
        slots[slot] = hashes.count
        hashes.append(hash)
        if 2 * hashes.count > slots.count { grow() }
        return hashes.count - 1
    }

    private func place(_ hash: UInt64) -> Int { Int(truncatingIfNeeded: hash) & (slots.count - 1) }

    private mutating func grow() {
        slots = Array(repeating: -1, count: 2 * slots.count)
        for (group, hash) in hashes.enumerated() {
            var slot = place(hash)
            while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
            slots[slot] = group
        }
    }
}

extension OutgoingMessages {
    /// The key of a message, cut where it is longer than `bytesMax`: then two keys may count as one.
    func key(_ place: Int, bytesMax: Int) -> String {
        let key = self.place(place).key
        var end = key.upperBound
        if key.count > bytesMax {
            end = key.lowerBound + bytesMax
            while end > key.lowerBound, unsafe keys.buffer[end] & 0xc0 == 0x80 { end -= 1 }
        }
        return unsafe String(decoding: keys.buffer[key.lowerBound..<end], as: UTF8.self)
    }
}
