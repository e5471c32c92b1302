/// Numbers as deletion vectors write them: bitmaps of 32 bits, each with the upper bits of its numbers.
///
/// - Source: Delta transaction log protocol, "Deletion Vector Format"; Roaring bitmaps' format specification (portable, 32 and 64 bits).
struct RoaringBitmapArray {
    /// Rising.
    private(set) var values: [Int64] = []
    private let countMax: Int64

    /// Nil where the bytes are not such an array, do not end with it, or stand for more numbers than there may be: few bytes can stand
    /// for very many.
    init?(_ bytes: [UInt8], countMax: Int64) {
        self.countMax = countMax
        var reader = LittleEndianBytes(bytes)
        guard reader.number(4) == 1_681_511_377, let count = reader.number(8) else { return nil }
        for _ in 0..<count {
            guard let upper = reader.number(4), upper < 1 << 31, read(&reader, Int64(upper) << 32) else { return nil }
        }
        guard reader.isAtEnd, zip(values, values.dropFirst()).allSatisfy(<) else { return nil }
    }

    /// Reads one bitmap.
    private mutating func read(_ reader: inout LittleEndianBytes, _ base: Int64) -> Bool {
        guard let cookie = reader.number(4) else { return false }
        var isRun: [Bool] = []
        let count: Int
        if cookie & 0xffff == 12_347 {
            count = Int(cookie >> 16) + 1
            guard let flags = reader.bytes((count + 7) / 8) else { return false }
            isRun = (0..<count).map { flags[$0 / 8] >> ($0 % 8) & 1 == 1 }
        } else {
            guard cookie == 12_346, let number = reader.number(4), number <= 1 << 16 else { return false }
            count = Int(number)
        }
        var containers: [(base: Int64, count: Int)] = []
        for _ in 0..<count {
            guard let key = reader.number(2), let less = reader.number(2) else { return false }
            containers.append((base + Int64(key) << 16, Int(less) + 1))
        }
        // Where containers begin matters only to those who look for one of them.
        if isRun.isEmpty || count >= 4, reader.bytes(4 * count) == nil { return false }
        for (number, container) in containers.enumerated() {
            let read =
                if !isRun.isEmpty, isRun[number] {
                    readRuns(&reader, container.base)
                } else if container.count > 4096 {
                    readBits(&reader, container.base)
                } else {
                    readList(&reader, container.base, container.count)
                }
            guard read, values.count <= countMax else { return false }
        }
        return true
    }

    private mutating func readRuns(_ reader: inout LittleEndianBytes, _ base: Int64) -> Bool {
        guard let count = reader.number(2) else { return false }
        for _ in 0..<count {
            guard let start = reader.number(2), let more = reader.number(2), start + more < 1 << 16 else {
                return false
            }
            guard values.count <= countMax else { return false }
            values += (base + Int64(start))...(base + Int64(start + more))
        }
        return true
    }

    private mutating func readBits(_ reader: inout LittleEndianBytes, _ base: Int64) -> Bool {
        guard let bits = reader.bytes(8192) else { return false }
        for (place, byte) in bits.enumerated() where byte != 0 {
            for bit in 0..<8 where byte >> bit & 1 == 1 { values.append(base + Int64(place * 8 + bit)) }
        }
        return true
    }

    private mutating func readList(_ reader: inout LittleEndianBytes, _ base: Int64, _ count: Int) -> Bool {
        for _ in 0..<count {
            guard let value = reader.number(2) else { return false }
            values.append(base + Int64(value))
        }
        return true
    }
}

/// Bytes that are read from the front.
struct LittleEndianBytes {
    private let all: [UInt8]
    private var place = 0

    init(_ bytes: [UInt8]) { all = bytes }

    var isAtEnd: Bool { place == all.count }

    /// The next bytes; nil where there are not as many.
    mutating func bytes(_ count: Int) -> [UInt8]? {
        guard count <= all.count - place else { return nil }
        defer { place += count }
        return Array(all[place..<place + count])
    }

    /// The next number of so many bytes.
    mutating func number(_ count: Int) -> UInt64? {
        guard count <= all.count - place else { return nil }
        defer { place += count }
        return all[place..<place + count].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
}
