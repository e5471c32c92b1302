/// Time spans as text: `250ms`, `1.5s`, `2m`, `1h30m`, `7d`.
public enum DurationText {
    private static let units: [(name: String, nanoseconds: Int64)] = [
        ("w", 604_800_000_000_000), ("d", 86_400_000_000_000), ("h", 3_600_000_000_000), ("m", 60_000_000_000),
        ("s", 1_000_000_000), ("ms", 1_000_000), ("us", 1000), ("µs", 1000), ("ns", 1),
    ]
    /// How a time span is written, for messages.
    public static let form = "a time span such as `250ms`, `5s`, `2m`, `6h` or `7d`"

    /// Nanoseconds of a time span; nil where the text is none, is negative, finer than 1 ns or beyond 292 years.
    public static func nanoseconds(_ text: some StringProtocol) -> Int64? {
        var rest = Substring(text)
        if rest == "0" { return 0 }
        guard !rest.isEmpty else { return nil }
        var total: Int64 = 0
        var largest = Int64.max
        while !rest.isEmpty {
            let number = rest.prefix { $0 == "." || ($0.isASCII && $0.isNumber) }
            rest = rest.dropFirst(number.count)
            let name = rest.prefix { $0.isLetter }
            rest = rest.dropFirst(name.count)
            // Each unit once, largest first: `30m1h` is more likely a slip than a wish.
            guard let unit = units.first(where: { $0.name == name })?.nanoseconds, unit < largest,
                let part = scaled(number, by: unit)
            else { return nil }
            largest = unit
            let (sum, overflow) = total.addingReportingOverflow(part)
            guard !overflow else { return nil }
            total = sum
        }
        return total
    }

    /// The shortest exact text in one unit, for example `90s` or `2h`.
    public static func text(nanoseconds: Int64) -> String {
        guard nanoseconds != 0 else { return "0s" }
        for unit in units where unit.name != "w" && nanoseconds % unit.nanoseconds == 0 {
            return "\(nanoseconds / unit.nanoseconds)\(unit.name)"
        }
        return "\(nanoseconds)ns"
    }
}

/// Sizes as text: `512`, `64KiB`, `1.5GiB`, `1GB`.
public enum SizeText {
    private static let units: [(name: String, bytes: Int64)] = [
        ("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10),
        ("TB", 1_000_000_000_000), ("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1000), ("B", 1),
    ]
    /// How a size is written, for messages.
    public static let form = "a size such as `512KiB`, `64MiB` or `1GB`"

    /// Bytes of a size; nil where the text is none, is negative or not a whole number of bytes.
    ///
    /// Upper and lower case mean the same; a number alone is bytes.
    public static func bytes(_ text: some StringProtocol) -> Int64? {
        let number = text.prefix { $0 == "." || ($0.isASCII && $0.isNumber) }
        let name = text.dropFirst(number.count).drop { $0 == " " }.lowercased()
        guard let unit = name.isEmpty ? 1 : units.first(where: { $0.name.lowercased() == name })?.bytes else {
            return nil
        }
        return scaled(Substring(number), by: unit)
    }

    /// The shortest exact text in one unit, for example `64MiB`.
    public static func text(bytes: Int64) -> String {
        guard bytes != 0 else { return "0B" }
        let unit = units.first { bytes % $0.bytes == 0 }
        return unit.map { "\(bytes / $0.bytes)\($0.name)" } ?? "\(bytes)B"
    }
}

/// `number` (digits, at most one point) times `unit`, exact; nil where it is not whole or too large.
private func scaled(_ number: Substring, by unit: Int64) -> Int64? {
    let parts = number.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count <= 2, let whole = Int64(parts[0]) else { return nil }
    let (product, overflow) = whole.multipliedReportingOverflow(by: unit)
    guard !overflow else { return nil }
    guard parts.count == 2 else { return product }
    var digits = parts[1]
    guard !digits.isEmpty else { return nil }
    while digits.last == "0" { digits.removeLast() }
    // At most 18 digits: more cannot be whole in any unit.
    guard digits.count <= 18 else { return nil }
    let divisor = digits.reduce(Int64(1)) { value, _ in value * 10 }
    let fraction = (Int64(digits) ?? 0).multipliedFullWidth(by: unit)
    let (quotient, remainder) = divisor.dividingFullWidth(fraction)
    guard remainder == 0 else { return nil }
    let (sum, carry) = product.addingReportingOverflow(quotient)
    return carry ? nil : sum
}
