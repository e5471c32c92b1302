internal import Platform

/// The longest waits for an event that are usual, by hour of the week in UTC.
///
/// An hour's longest wait moves its figure half of the way up, or an eighth of the way down; of an hour with few events it
/// counts as an hour at least. A wait is unusual beyond five times the longest usual one of its hour and the hours beside
/// it, or ten times the longest of all where those are not known; and never below a minute. Where the hours of the market
/// are not known, the same hour of an earlier week must be.
struct GapProfile: Equatable {
    static let hours = 168
    static let hourNs: Int64 = 3_600_000_000_000
    /// No wait below it is called a silence.
    static let leastNs: Int64 = 60_000_000_000
    /// Hours that must be known before anything is called unusual.
    static let knownMin = 2
    /// Events of an hour from which on its longest wait tells something.
    static let eventsMin = 20

    /// Milliseconds, 0 where not known; an eleven-bit number and the places it is shifted by.
    private var waits = [UInt16](repeating: 0, count: GapProfile.hours)
    private(set) var known = 0

    init() {}

    /// The hour of the week of a moment; Thursday 00:00 UTC is 0.
    static func hour(_ timeNs: Int64) -> Int {
        let hour = timeNs >= 0 ? timeNs / hourNs : (timeNs - hourNs + 1) / hourNs
        return Int((hour % 168 + 168) % 168)
    }

    /// Takes in the longest wait of one hour.
    mutating func learn(hour: Int, waitNs: Int64) {
        let wait = max(1, waitNs / 1_000_000)
        let old = Self.value(waits[hour])
        if old == 0 {
            known += 1
            waits[hour] = Self.coded(wait)
        } else {
            waits[hour] = Self.coded(max(1, wait > old ? old + (wait - old + 1) / 2 : old - (old - wait) / 8))
        }
    }

    /// Beyond this a wait that begins in an hour is unusual; nil where too little is known.
    ///
    /// - Parameter knowsHours: whether the market's hours are known.
    func limitNs(hour: Int, knowsHours: Bool) -> Int64? {
        guard known >= Self.knownMin, knowsHours || waits[hour] != 0 else { return nil }
        let near = [hour + 167, hour, hour + 1].map { Self.value(waits[$0 % Self.hours]) }.max() ?? 0
        let (longest, factor) = near > 0 ? (near, 5) : (waits.map(Self.value).max() ?? 0, Int64(10))
        return max(Self.leastNs, longest * factor * 1_000_000)
    }

    /// Rounded up to eleven bits, at most a year.
    private static func coded(_ wait: Int64) -> UInt16 {
        let most: Int64 = 365 * 86_400_000
        var value = UInt64(min(wait, most))
        var shift: UInt16 = 0
        while value >= 1 << 11 {
            value = (value + 1) >> 1
            shift += 1
        }
        return shift << 11 | UInt16(value)
    }

    private static func value(_ code: UInt16) -> Int64 { Int64(code & 0x7ff) << Int64(code >> 11) }

    func encode(into writer: inout BinaryWriter) {
        writer.write(UInt16(known))
        for (hour, code) in waits.enumerated() where code != 0 {
            writer.write(UInt16(hour))
            writer.write(code)
        }
    }

    init(from reader: inout BinaryReader) throws(EngineStateError) {
        self.init()
        known = Int(try reader.value(UInt16.self))
        for _ in 0..<known {
            let hour = Int(try reader.value(UInt16.self))
            let code: UInt16 = try reader.value()
            guard hour < Self.hours, code != 0, waits[hour] == 0 else {
                throw .damaged(at: reader.position, "an hour that no week has")
            }
            waits[hour] = code
        }
    }
}
