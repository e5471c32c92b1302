/// Numbers for people to read; machines get the numbers themselves.
public enum Humanized {
    /// `1,234,567`.
    public static func grouped(_ value: Int64) -> String {
        let digits = Array(String(value.magnitude))
        var result = value < 0 ? "-" : ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index).isMultiple(of: 3) { result += "," }
            result.append(digit)
        }
        return result
    }

    /// Three significant digits: `999`, `1.23k`, `45.6M`, `7.89G`.
    public static func count(_ value: Double) -> String { scaled(value, by: 1000, ["", "k", "M", "G", "T", "P"]) }

    /// Three significant digits: `512 B`, `1.50 KiB`, `64.0 MiB`.
    public static func bytes(_ value: Int64) -> String {
        scaled(Double(value), by: 1024, [" B", " KiB", " MiB", " GiB", " TiB", " PiB", " EiB"])
    }

    /// A time span: `850 ns`, `1.25 ms`, `12.3 s`, `2 min 05 s`, `3 h 20 min`, `4 d 06 h`.
    public static func duration(nanoseconds: Int64) -> String {
        let magnitude = nanoseconds.magnitude
        let sign = nanoseconds < 0 ? "-" : ""
        // 59.95 s and more would show as 60.0 s.
        guard magnitude >= 59_950_000_000 else {
            return sign + scaled(Double(magnitude), by: 1000, [" ns", " µs", " ms", " s"])
        }
        let seconds = (magnitude + 500_000_000) / 1_000_000_000
        if seconds < 3600 { return "\(sign)\(seconds / 60) min \(twoDigits(seconds % 60)) s" }
        if seconds < 86_400 { return "\(sign)\(seconds / 3600) h \(twoDigits(seconds / 60 % 60)) min" }
        return "\(sign)\(seconds / 86_400) d \(twoDigits(seconds / 3600 % 24)) h"
    }

    /// Minutes and seconds as on a clock: `0:05`, `12:34`, `1:02:03`.
    public static func clock(seconds: Double) -> String {
        guard seconds.isFinite, seconds < 360_000 else { return "more than 99 h" }
        let whole = UInt64(max(0, seconds.rounded(.up)))
        if whole < 3600 { return "\(whole / 60):\(twoDigits(whole % 60))" }
        return "\(whole / 3600):\(twoDigits(whole / 60 % 60)):\(twoDigits(whole % 60))"
    }

    /// `value` with a fixed number of decimals.
    public static func decimal(_ value: Double, places: Int) -> String {
        let factor = (0..<places).reduce(1.0) { product, _ in product * 10 }
        let scaled = (value.magnitude * factor).rounded()
        guard scaled < 9e15 else { return "\(value)" }
        let digits = String(Int64(scaled))
        let filled = String(repeating: "0", count: max(0, places + 1 - digits.count)) + digits
        let sign = value < 0 && scaled > 0 ? "-" : ""
        guard places > 0 else { return sign + filled }
        return "\(sign)\(filled.dropLast(places)).\(filled.suffix(places))"
    }

    private static func scaled(_ value: Double, by step: Double, _ units: [String]) -> String {
        guard value.isFinite else { return "\(value)" }
        var rest = value.magnitude
        var unit = 0
        // 999.5 would show as 1000 of its unit.
        while rest >= min(step, 999.5), unit + 1 < units.count {
            rest /= step
            unit += 1
        }
        let sign = value < 0 ? "-" : ""
        let isWhole = unit == 0 && rest.rounded() == rest
        let places = isWhole || rest >= 99.95 ? 0 : rest >= 9.995 ? 1 : 2
        return sign + decimal(rest, places: places) + units[unit]
    }

    private static func twoDigits(_ value: UInt64) -> String { value < 10 ? "0\(value)" : "\(value)" }
}
