/// Bytes as text, four in five characters.
///
/// - Source: ZeroMQ RFC 32 (Z85).
enum Base85 {
    private static let alphabet = Array(
        "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#".utf8)
    private static let digits = Dictionary(uniqueKeysWithValues: zip(alphabet, UInt64(0)...))

    /// The bytes of a text; nil where it is none.
    static func decode(_ text: String) -> [UInt8]? {
        let characters = Array(text.utf8)
        guard characters.count % 5 == 0 else { return nil }
        var bytes: [UInt8] = []
        for start in stride(from: 0, to: characters.count, by: 5) {
            var number: UInt64 = 0
            for character in characters[start..<start + 5] {
                guard let digit = digits[character] else { return nil }
                number = number * 85 + digit
            }
            guard let word = UInt32(exactly: number) else { return nil }
            bytes += [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: word >> $0) }
        }
        return bytes
    }
}
