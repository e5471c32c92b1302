/// The number of a record in a log of a message broker: a whole number that rises, of up to 133 decimal digits.
///
/// Kafka's offsets have at most 19 digits, Kinesis' sequence numbers 56 as a rule and 129 by its interface.
public struct StreamNumber: Sendable, Comparable, CustomStringConvertible {
    private static let wordCount = 7
    /// Decimal digits per word.
    private static let wordDigits = 19
    public static let digitsMax = wordCount * wordDigits

    /// Digits to the base of 10^19, the most significant word first.
    private var words = InlineArray<7, UInt64>(repeating: 0)

    /// - Precondition: not negative.
    public init(_ value: Int64) { words[Self.wordCount - 1] = UInt64(value) }

    /// Reads decimal digits; nil where there are none, or too many, or anything else is among them.
    public init?(digits: some RandomAccessCollection<UInt8>) {
        guard !digits.isEmpty, digits.count <= Self.digitsMax else { return nil }
        var left = digits.count
        for digit in digits {
            guard digit >= 0x30, digit <= 0x39 else { return nil }
            left -= 1
            let word = Self.wordCount - 1 - left / Self.wordDigits
            words[word] = words[word] * 10 + UInt64(digit - 0x30)
        }
    }

    /// The value as an offset of Kafka; nil where it is larger than any.
    public var int64: Int64? {
        for word in 0..<Self.wordCount - 1 where words[word] != 0 { return nil }
        return Int64(exactly: words[Self.wordCount - 1])
    }

    /// Decimal digits, without zeros in front.
    public var description: String {
        var text = ""
        for word in 0..<Self.wordCount where words[word] != 0 || !text.isEmpty {
            let digits = String(words[word])
            text += text.isEmpty ? digits : String(repeating: "0", count: Self.wordDigits - digits.count) + digits
        }
        return text.isEmpty ? "0" : text
    }

    public static func < (left: StreamNumber, right: StreamNumber) -> Bool {
        for word in 0..<wordCount where left.words[word] != right.words[word] {
            return left.words[word] < right.words[word]
        }
        return false
    }

    public static func == (left: StreamNumber, right: StreamNumber) -> Bool {
        for word in 0..<wordCount where left.words[word] != right.words[word] { return false }
        return true
    }
}
