/// Numbers side by side with a fixed number of bits each, the lowest bit first.
///
/// - Source: Apache Parquet format, "Encodings", run length / bit-packing hybrid.
enum BitPacking {
    /// Bits of the largest of numbers whose bitwise or is `union`.
    @inline(__always)
    static func width<Word: FixedWidthInteger & UnsignedInteger>(_ union: Word) -> Int {
        Word.bitWidth - union.leadingZeroBitCount
    }

    /// Packs `count` numbers.
    ///
    /// - Parameters:
    ///   - count: a multiple of 8.
    ///   - width: no number has more bits.
    ///   - target: up to 16 bytes behind the packed ones are written too.
    /// - Returns: bytes packed: `count * width / 8`.
    @inline(__always)
    static func pack<Word: FixedWidthInteger & UnsignedInteger>(
        _ values: UnsafePointer<Word>, count: Int, width: Int, to target: UnsafeMutableRawPointer
    ) -> Int {
        switch width {
        case 0: return 0
        case 1...8: unsafe packBytes(values, count, width, target)
        case 9...15: unsafe packWords(values, count, width, target)
        case 16: unsafe narrow(values, count, as: UInt16.self, target)
        case 17...28: unsafe packPairs(values, count, width, target)
        case 32: unsafe narrow(values, count, as: UInt32.self, target)
        default: unsafe packSingles(values, count, width, target)
        }
        return count * width / 8
    }

    /// Whole numbers of two or four bytes.
    @inline(__always)
    private static func narrow<Word: FixedWidthInteger, Part: FixedWidthInteger>(
        _ values: UnsafePointer<Word>, _ count: Int, as part: Part.Type, _ target: UnsafeMutableRawPointer
    ) {
        let parts = unsafe target.assumingMemoryBound(to: Part.self)
        for index in 0..<count { unsafe parts[index] = Part(truncatingIfNeeded: values[index]) }
    }

    /// Four numbers of at most 16 bits in one.
    @inline(__always)
    private static func quad<Word: FixedWidthInteger & UnsignedInteger>(
        _ values: UnsafePointer<Word>, _ first: Int, _ width: UInt64
    ) -> UInt64 {
        let low =
            unsafe UInt64(truncatingIfNeeded: values[first])
            | UInt64(truncatingIfNeeded: values[first + 1]) &<< width
        let high =
            unsafe UInt64(truncatingIfNeeded: values[first + 2])
            | UInt64(truncatingIfNeeded: values[first + 3]) &<< width
        return low | high &<< (2 &* width)
    }

    /// Eight numbers of up to eight bits are one store, whose surplus the next one overwrites.
    @inline(__always)
    private static func packBytes<Word: FixedWidthInteger & UnsignedInteger>(
        _ values: UnsafePointer<Word>, _ count: Int, _ width: Int, _ target: UnsafeMutableRawPointer
    ) {
        let bits = UInt64(width)
        var place = unsafe target
        for first in stride(from: 0, to: count, by: 8) {
            let word = unsafe quad(values, first, bits) | quad(values, first + 4, bits) &<< (4 &* bits)
            unsafe place.storeBytes(of: word, as: UInt64.self)
            unsafe place += width
        }
    }

    /// Eight numbers of 9 to 15 bits are two stores.
    @inline(__always)
    private static func packWords<Word: FixedWidthInteger & UnsignedInteger>(
        _ values: UnsafePointer<Word>, _ count: Int, _ width: Int, _ target: UnsafeMutableRawPointer
    ) {
        let bits = UInt64(width)
        var place = unsafe target
        for first in stride(from: 0, to: count, by: 8) {
            let low = unsafe quad(values, first, bits), high = unsafe quad(values, first + 4, bits)
            unsafe place.storeBytes(of: low | high &<< (4 &* bits), as: UInt64.self)
            unsafe place.storeBytes(of: high &>> (64 &- 4 &* bits), toByteOffset: 8, as: UInt64.self)
            unsafe place += width
        }
    }

    /// Pairs of 17 to 28 bits fit behind the up to seven bits that are still open.
    @inline(__always)
    private static func packPairs<Word: FixedWidthInteger & UnsignedInteger>(
        _ values: UnsafePointer<Word>, _ count: Int, _ width: Int, _ target: UnsafeMutableRawPointer
    ) {
        let bits = UInt64(width)
        var place = unsafe target
        var open: UInt64 = 0, openBits: UInt64 = 0
        for first in stride(from: 0, to: count, by: 2) {
            let pair =
                unsafe UInt64(truncatingIfNeeded: values[first])
                | UInt64(truncatingIfNeeded: values[first + 1]) &<< bits
            open |= pair &<< openBits
            unsafe place.storeBytes(of: open, as: UInt64.self)
            openBits &+= 2 &* bits
            unsafe place += Int(truncatingIfNeeded: openBits &>> 3)
            open &>>= openBits & ~7
            openBits &= 7
        }
    }

    /// Any width, one number at a time.
    @inline(__always)
    private static func packSingles<Word: FixedWidthInteger & UnsignedInteger>(
        _ values: UnsafePointer<Word>, _ count: Int, _ width: Int, _ target: UnsafeMutableRawPointer
    ) {
        let bits = UInt64(width)
        var place = unsafe target
        var open: UInt64 = 0, openBits: UInt64 = 0
        for index in 0..<count {
            let value = unsafe UInt64(truncatingIfNeeded: values[index])
            open |= value &<< openBits
            let total = openBits &+ bits
            if total >= 64 {
                unsafe place.storeBytes(of: open, as: UInt64.self)
                unsafe place += 8
                open = value >> (64 &- openBits)
                openBits = total &- 64
            } else {
                openBits = total
            }
        }
        unsafe place.storeBytes(of: open, as: UInt64.self)
    }
}
