internal import Glibc

/// A moment: integer nanoseconds since 1970-01-01T00:00:00Z, always UTC.
public struct Timestamp: Hashable, Comparable, Sendable, BitwiseCopyable {
    /// Nanoseconds since 1970-01-01T00:00:00Z.
    public var nanoseconds: Int64

    @inlinable
    public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    /// The earliest representable moment: "no event yet".
    public static let distantPast = Timestamp(nanoseconds: .min)
    /// The latest representable moment.
    public static let distantFuture = Timestamp(nanoseconds: .max)

    @inlinable
    public static func < (left: Timestamp, right: Timestamp) -> Bool { left.nanoseconds < right.nanoseconds }

    /// The wall clock now (`CLOCK_REALTIME`).
    public static func now() -> Timestamp {
        var value = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &value)
        return Timestamp(nanoseconds: Int64(value.tv_sec) * 1_000_000_000 + Int64(value.tv_nsec))
    }
}

extension Timestamp: CustomStringConvertible {
    /// RFC 3339 text in UTC, with as many decimals (0, 3, 6 or 9) as the value needs.
    public var description: String {
        let (date, ofDay) = CivilDate.split(self)
        let second = ofDay / 1_000_000_000
        let fraction = ofDay % 1_000_000_000
        var text = "\(date)T\(padded(second / 3600, 2)):\(padded(second / 60 % 60, 2)):\(padded(second % 60, 2))"
        if fraction != 0 {
            if fraction % 1_000_000 == 0 {
                text += "." + padded(fraction / 1_000_000, 3)
            } else if fraction % 1000 == 0 {
                text += "." + padded(fraction / 1000, 6)
            } else {
                text += "." + padded(fraction, 9)
            }
        }
        return text + "Z"
    }

    /// Reads RFC 3339 text (`2026-01-31T09:30:00.25Z`, offsets like `+02:00`, a space instead of `T`, or a date alone).
    ///
    /// - Returns: nil where the text is not such a moment, or lies outside the years 1678 to 2261.
    public init?(rfc3339 text: some StringProtocol) {
        var rest = Substring(text)
        guard rest.count >= 10, let date = CivilDate(rest.prefix(10)), date.isWithinTimestamps else { return nil }
        rest = rest.dropFirst(10)
        var nanoseconds = date.start.nanoseconds
        guard !rest.isEmpty else {
            self.init(nanoseconds: nanoseconds)
            return
        }
        guard let mark = rest.first, "Tt ".contains(mark), rest.count >= 9 else { return nil }
        let clock = Array(rest.dropFirst().prefix(8))
        guard clock[2] == ":", clock[5] == ":", let hour = Self.twoDigits(clock[0...1]),
            let minute = Self.twoDigits(clock[3...4]), let second = Self.twoDigits(clock[6...7]),
            hour < 24, minute < 60, second <= 60
        else { return nil }
        nanoseconds += (hour * 3600 + minute * 60 + second) * 1_000_000_000
        rest = rest.dropFirst(9)
        if rest.first == "." {
            let digits = rest.dropFirst().prefix { $0.isASCII && $0.isNumber }
            guard !digits.isEmpty, digits.count <= 9, let fraction = Int64(digits) else { return nil }
            nanoseconds += (digits.count..<9).reduce(fraction) { value, _ in value * 10 }
            rest = rest.dropFirst(1 + digits.count)
        }
        if rest == "Z" || rest == "z" || rest.isEmpty {
            self.init(nanoseconds: nanoseconds)
            return
        }
        let offset = Array(rest)
        guard offset.count == 6, offset[0] == "+" || offset[0] == "-", offset[3] == ":",
            let hours = Self.twoDigits(offset[1...2]), let minutes = Self.twoDigits(offset[4...5]), hours < 24,
            minutes < 60
        else { return nil }
        let shift = (hours * 3600 + minutes * 60) * 1_000_000_000
        self.init(nanoseconds: offset[0] == "+" ? nanoseconds - shift : nanoseconds + shift)
    }

    private static func twoDigits(_ text: ArraySlice<Character>) -> Int64? {
        text.allSatisfy { $0.isASCII && $0.isNumber } ? Int64(String(text)) : nil
    }

    /// Nanoseconds of one UTC day.
    public static let nanosecondsPerDay: Int64 = 86_400_000_000_000
}

/// `value` with leading zeros up to `digits`.
func padded(_ value: Int64, _ digits: Int) -> String {
    let text = String(value)
    return String(repeating: "0", count: max(0, digits - text.count)) + text
}
