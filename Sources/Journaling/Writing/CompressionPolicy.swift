/// Decides whether the next block is compressed: not while records come faster than that goes.
///
/// Compression is what can be given up under load: the device takes raw blocks faster than the processor makes
/// compressed ones.
package struct CompressionPolicy: Sendable {
    /// How long blocks stay raw after records came too fast. Trying more often would cost the processor most of what it
    /// has, just when it has too little.
    package static let rawNs: Int64 = 1_000_000_000

    /// Until then, on the monotonic clock, blocks are not compressed.
    private var rawUntilNs: Int64 = 0

    package init() {}

    /// True where the next block is to be compressed.
    ///
    /// - Parameters:
    ///   - waitingBytes: full blocks that wait, this one included.
    ///   - limitBytes: from here on appending waits; a quarter of it says that records come too fast.
    ///   - nowNs: the monotonic clock.
    package mutating func compresses(waitingBytes: Int, limitBytes: Int, nowNs: Int64) -> Bool {
        if waitingBytes >= limitBytes / 4 { rawUntilNs = nowNs + Self.rawNs }
        return nowNs >= rawUntilNs
    }
}
