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
        var groups: [UInt64: Int] = [:]
        for place in 0..<messages.count {
            let key = messages.place(place).key
            var hash = unsafe FNV1a.hash(messages.keys.buffer[key])
            while let group = groups[hash], !Self.isEqual(messages, messages.place(places[group][0]).key, key) {
                hash &+= 1
            }
            if let group = groups[hash] {
                places[group].append(place)
            } else {
                groups[hash] = places.count
                places.append([place])
            }
        }
    }

    private static func isEqual(_ messages: OutgoingMessages, _ left: Range<Int>, _ right: Range<Int>) -> Bool {
        let keys = unsafe messages.keys.pointer
        return unsafe left.count == right.count
            && memcmp(keys + left.lowerBound, keys + right.lowerBound, left.count) == 0
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
