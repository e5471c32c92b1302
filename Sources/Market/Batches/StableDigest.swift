/// 128 bits that stand for some values, the same in every run of the program.
///
/// Made for telling honest repetitions from news, not against forgery: multiplication and rotation in two lanes.
public struct StableDigest: Hashable, Sendable {
    public private(set) var high: UInt64 = 0x9e37_79b9_7f4a_7c15
    public private(set) var low: UInt64 = 0xc2b2_ae3d_27d4_eb4f

    public init() {}

    /// Takes over what was stored.
    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    public mutating func add(_ value: UInt64) {
        high = (high ^ value) &* 0x9fb2_1c65_1e98_df25
        high ^= high >> 29
        low = (low &+ value) &* 0xd6e8_feb8_6659_fd93
        low = (low << 31 | low >> 33) ^ high
    }

    public mutating func add(_ value: Int64) { add(UInt64(bitPattern: value)) }

    /// All NaN are one, and so are the two zeros.
    public mutating func add(_ value: Double) { add(value.isNaN ? .max : (value == 0 ? 0 : value.bitPattern)) }

    /// The bytes and their number, so that neighbouring texts cannot run together.
    public mutating func add(_ bytes: some Collection<UInt8>) {
        var word: UInt64 = 0
        var filled = 0
        for byte in bytes {
            word = word << 8 | UInt64(byte)
            filled += 1
            if filled & 7 == 0 {
                add(word)
                word = 0
            }
        }
        add(word)
        add(UInt64(filled))
    }
}
