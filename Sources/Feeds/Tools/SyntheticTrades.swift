internal import Platform

/// Frames of a made-up market in Finnhub's form, from a seed: the same seed makes the same bytes.
///
/// Popular instruments trade more often (weight 1 / rank), prices walk in cents, trades arrive in order of time except for
/// one in a hundred, which is up to half a second late.
/// - Shape: 1 to 19 trades per frame, 10 on average, about 65 bytes each.
@safe
public struct SyntheticTrades {
    /// What the market is like.
    public struct Options: Sendable {
        public var instruments = 1000
        /// Trades that share a second of event time.
        public var tradesPerSecond = 50_000
        public var seed: UInt64 = 1

        public init(instruments: Int = 1000, tradesPerSecond: Int = 50_000, seed: UInt64 = 1) {
            self.instruments = instruments
            self.tradesPerSecond = tradesPerSecond
            self.seed = seed
        }
    }

    /// Event time of the first trade.
    public static let startMs: Int64 = 1_767_600_000_000
    /// Settings of a session whose decoder reads the frames.
    public static let settings = SessionSettings(decoder: "finnhub", values: ["venue": "SYNTH"]).text

    private let options: Options
    private let alias: AliasTable
    private var random: SplitMix
    private var cents: [Int64]
    private let symbols: [[UInt8]]
    /// Trades made so far.
    public private(set) var count: Int64 = 0
    private let frame: UnsafeMutableRawBufferPointer
    private static let frameBytesMax = 4096

    public init(_ options: Options = Options()) {
        self.options = options
        alias = AliasTable(weights: (1...max(1, options.instruments)).map { 1 / Double($0) })
        random = SplitMix(state: options.seed)
        cents = (0..<max(1, options.instruments)).map { Int64(1000 + ($0 * 7919) % 90_000) }
        symbols = (0..<max(1, options.instruments)).map { Array("S\($0)".utf8) }
        unsafe frame = .allocate(byteCount: Self.frameBytesMax, alignment: 64)
    }

    /// Gives the memory back; the value is not to be used afterwards.
    public func free() { unsafe frame.deallocate() }

    /// Nanoseconds of event time that have passed when `count` trades were made.
    public var eventTimeNs: Int64 {
        Self.startMs * 1_000_000 + count * 1_000_000_000 / Int64(max(1, options.tradesPerSecond))
    }

    /// Makes the next frame, valid until the next call, and passes it on.
    ///
    /// - Returns: the trades in it.
    public mutating func next(atMost limit: Int, _ body: (UnsafeRawBufferPointer) throws -> Void) rethrows -> Int {
        let trades = min(limit, 1 + Int(random.next() % 19))
        var writer = unsafe TextWriter(frame.baseAddress!.assumingMemoryBound(to: UInt8.self))
        writer.write("{\"data\":[")
        for place in 0..<trades {
            if place > 0 { writer.write(",") }
            writeTrade(&writer)
        }
        writer.write("],\"type\":\"trade\"}")
        try unsafe body(UnsafeRawBufferPointer(start: frame.baseAddress, count: writer.count))
        return trades
    }

    private mutating func writeTrade(_ writer: inout TextWriter) {
        let bits = random.next()
        let instrument = alias.draw(bits)
        let more = random.next()
        cents[instrument] = max(100, cents[instrument] + Int64(more & 7) - 3 - (more & 7 == 7 ? 1 : 0))
        let onTime = eventTimeNs / 1_000_000
        let isLate = more >> 3 & 127 == 0
        writer.write("{\"c\":null,\"p\":")
        writer.write(cents[instrument] / 100)
        writer.write(".")
        writer.write(twoDigits: Int(cents[instrument] % 100))
        writer.write(",\"s\":\"")
        writer.write(symbols[instrument])
        writer.write("\",\"t\":")
        writer.write(isLate ? onTime - Int64(more >> 10 & 511) : onTime)
        writer.write(",\"v\":")
        writer.write(1 + Int64(more >> 20 % 500))
        writer.write("}")
        count += 1
    }
}

/// - Source: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014 (SplitMix64).
private struct SplitMix {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}

/// Draws numbers with given weights in constant time.
///
/// - Source: Vose, "A linear algorithm for generating random numbers with a given distribution", 1991.
private struct AliasTable {
    private var thresholds: [UInt32]
    private var others: [UInt32]

    init(weights: [Double]) {
        let mean = weights.reduce(0, +) / Double(weights.count)
        var scaled = weights.map { $0 / mean }
        var small = scaled.indices.filter { scaled[$0] < 1 }
        var large = scaled.indices.filter { scaled[$0] >= 1 }
        thresholds = [UInt32](repeating: .max, count: weights.count)
        others = weights.indices.map(UInt32.init)
        while let less = small.popLast(), let more = large.last {
            thresholds[less] = UInt32(scaled[less] * Double(UInt32.max))
            others[less] = UInt32(more)
            scaled[more] -= 1 - scaled[less]
            if scaled[more] < 1 {
                large.removeLast()
                small.append(more)
            }
        }
    }

    func draw(_ bits: UInt64) -> Int {
        let place = Int(((bits >> 32) &* UInt64(thresholds.count)) >> 32)
        return UInt32(truncatingIfNeeded: bits) <= thresholds[place] ? place : Int(others[place])
    }
}

/// Writes text into memory that is large enough.
@safe
private struct TextWriter {
    private let base: UnsafeMutablePointer<UInt8>
    private(set) var count = 0

    init(_ base: UnsafeMutablePointer<UInt8>) { unsafe self.base = base }

    @inline(__always) mutating func write(_ text: StaticString) {
        unsafe (base + count).update(from: text.utf8Start, count: text.utf8CodeUnitCount)
        count += text.utf8CodeUnitCount
    }

    @inline(__always) mutating func write(_ bytes: [UInt8]) {
        for byte in bytes {
            unsafe base[count] = byte
            count += 1
        }
    }

    @inline(__always) mutating func write(twoDigits value: Int) {
        unsafe base[count] = UInt8(48 + value / 10)
        unsafe base[count + 1] = UInt8(48 + value % 10)
        count += 2
    }

    @inline(__always) mutating func write(_ value: Int64) {
        var digits = 1
        var bound: Int64 = 10
        while value >= bound {
            digits += 1
            bound *= 10
        }
        var rest = value
        for place in (0..<digits).reversed() {
            unsafe base[count + place] = UInt8(48 + rest % 10)
            rest /= 10
        }
        count += digits
    }
}
