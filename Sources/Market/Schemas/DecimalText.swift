/// Exact decimal numbers as integers of their smallest unit.
public enum DecimalText {
    private static let powers: [Int64] = (0...18).map { exponent in
        (0..<exponent).reduce(Int64(1)) { power, _ in power * 10 }
    }

    /// Reads a decimal number such as `-12.5` or `1e-8`.
    ///
    /// - Parameter scale: digits behind the point, 0 to 18.
    /// - Returns: the number in units of 10^-scale; nil where the text is no number, has more digits behind the point than
    ///   the scale (other than zeros), or does not fit `TableSchema.ColumnType.decimalDigits` digits.
    public static func units(_ text: String, scale: Int) -> Int64? {
        var bytes = Substring(text).utf8
        var isNegative = false
        if let sign = bytes.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") {
            isNegative = sign == UInt8(ascii: "-")
            bytes.removeFirst()
        }
        var exponent = 0
        if let place = bytes.firstIndex(where: { $0 | 0x20 == UInt8(ascii: "e") }) {
            guard let value = Int(Substring(bytes[bytes.index(after: place)...])), abs(value) <= 64 else { return nil }
            exponent = value
            bytes = bytes[..<place]
        }
        var digits: [UInt8] = []
        var behindPoint: Int?
        for byte in bytes {
            if byte == UInt8(ascii: "."), behindPoint == nil {
                behindPoint = 0
            } else if byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") {
                digits.append(byte - UInt8(ascii: "0"))
                behindPoint = behindPoint.map { $0 + 1 }
            } else {
                return nil
            }
        }
        guard !digits.isEmpty else { return nil }
        // The last digit stands for 10^(exponent - behindPoint); wanted are units of 10^-scale.
        let shift = scale + exponent - (behindPoint ?? 0)
        if shift < 0 {
            guard digits.suffix(-shift).allSatisfy({ $0 == 0 }) else { return nil }
            digits.removeLast(min(digits.count, -shift))
        }
        let significant = digits.drop { $0 == 0 }
        guard !significant.isEmpty else { return 0 }
        guard significant.count + max(0, shift) <= TableSchema.ColumnType.decimalDigits else { return nil }
        let value = significant.reduce(Int64(0)) { $0 * 10 + Int64($1) } * powers[max(0, shift)]
        return isNegative ? -value : value
    }

    /// The decimal number as text, with all digits of its scale: (1250, 2) is `12.50`.
    public static func text(_ units: Int64, scale: Int) -> String {
        guard scale > 0 else { return "\(units)" }
        let digits = String(units.magnitude)
        let padded = String(repeating: "0", count: max(0, scale + 1 - digits.count)) + digits
        return (units < 0 ? "-" : "") + padded.dropLast(scale) + "." + padded.suffix(scale)
    }
}
