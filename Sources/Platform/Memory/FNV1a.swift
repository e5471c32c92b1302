/// A hash of few bytes that is the same in every run of the program: for names, and for tables in memory.
///
/// - Source: Fowler, Noll and Vo, FNV-1a of 64 bits. Not made against forgery.
public enum FNV1a {
    /// The hash.
    @inlinable
    public static func hash(_ bytes: some Sequence<UInt8>) -> UInt64 {
        bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }

    /// The hash as sixteen hexadecimal digits.
    public static func digits(_ bytes: some Sequence<UInt8>) -> String {
        let text = String(hash(bytes), radix: 16)
        return String(repeating: "0", count: 16 - text.count) + text
    }
}
