internal import Foundation
internal import Platform

/// What a sink took this month and today, in a file of the data folder, so that a restart does not begin a new month.
///
/// Months and days are those of UTC.
/// - Threading: one thread at a time.
struct UsageLedger {
    /// An hour of the last day, for the pace.
    private struct Hour: Codable {
        let startNs: Int64
        var usage: Usage
    }

    private struct Contents: Codable {
        /// First days of the month and number of the day that are counted.
        var month: Int64 = 0
        var day: Int64 = 0
        var ofMonth = MonthUsage()
        var ofDay = Usage()
        /// Bytes that stayed from earlier months.
        var held: Int64 = 0
        var hours: [Hour] = []
        /// When counting began.
        var sinceNs: Int64 = 0
    }

    private let path: String
    private var contents = Contents()
    private var isChanged = false

    static let hourNs: Int64 = 3_600_000_000_000
    static let dayNs: Int64 = 24 * hourNs
    /// Counting for less than this tells nothing of a month.
    private static let paceNsMin: Int64 = 600_000_000_000

    /// Reads what was counted. What cannot be read is counted anew, with a warning.
    ///
    /// - Parameter folder: data folder of the pipeline.
    init(folder: String, sink: String) {
        path = "\(folder)/usage/\(sink).json"
        guard FileManager.default.fileExists(atPath: path) else { return }
        do {
            contents = try JSONDecoder().decode(Contents.self, from: Data(contentsOf: URL(filePath: path)))
        } catch {
            Log.warning("what the sink used so far cannot be read; it is counted anew", ["file": path])
        }
    }

    /// What was taken this month.
    mutating func month(_ nowNs: Int64) -> MonthUsage {
        turn(nowNs)
        return contents.ofMonth
    }

    /// What was taken today.
    mutating func day(_ nowNs: Int64) -> Usage {
        turn(nowNs)
        return contents.ofDay
    }

    mutating func add(_ usage: Usage, _ nowNs: Int64) {
        turn(nowNs)
        if contents.sinceNs == 0 { contents.sinceNs = nowNs }
        let span = Self.month(of: nowNs)
        contents.ofMonth.usage = contents.ofMonth.usage + usage
        contents.ofMonth.keptMonths +=
            Double(usage.kept) * Double(span.upperBound - nowNs) / Double(span.upperBound - span.lowerBound)
        contents.ofDay = contents.ofDay + usage
        let hour = nowNs - nowNs % Self.hourNs
        if let last = contents.hours.last, last.startNs == hour {
            contents.hours[contents.hours.count - 1].usage = last.usage + usage
        } else {
            contents.hours.append(Hour(startNs: hour, usage: usage))
        }
        contents.hours.removeAll { $0.startNs <= nowNs - Self.dayNs }
        isChanged = true
    }

    /// What the month will have taken if the last 24 hours go on; nil while that cannot be told.
    mutating func predictedMonth(_ nowNs: Int64) -> MonthUsage? {
        turn(nowNs)
        let begin = max(contents.sinceNs, nowNs - nowNs % Self.hourNs - 23 * Self.hourNs)
        guard contents.sinceNs > 0, nowNs - begin >= Self.paceNsMin else { return nil }
        let recent = contents.hours.filter { $0.startNs + Self.hourNs > begin }.reduce(Usage()) { $0 + $1.usage }
        let span = Self.month(of: nowNs)
        let left = Double(span.upperBound - nowNs)
        let more = recent.scaled(by: left / Double(nowNs - begin))
        var month = contents.ofMonth
        month.usage = month.usage + more
        // What is still to come is there for half of the time that is left, on average.
        month.keptMonths += Double(more.kept) * left / 2 / Double(span.upperBound - span.lowerBound)
        return month
    }

    /// The month of a moment, from its first nanosecond to that of the next month.
    static func month(of ns: Int64) -> Range<Int64> {
        let (year, month, _) = CivilDate.split(Timestamp(nanoseconds: ns)).date.components
        let next =
            month == 12 ? CivilDate(year: year + 1, month: 1, day: 1) : CivilDate(year: year, month: month + 1, day: 1)
        guard let first = CivilDate(year: year, month: month, day: 1), let next else {
            preconditionFailure("every month has a first day")
        }
        return first.daysSinceEpoch * dayNs..<next.daysSinceEpoch * dayNs
    }

    /// Begins a new month and day where the old ones are over; a clock that was set back begins nothing.
    private mutating func turn(_ nowNs: Int64) {
        let month = Self.month(of: nowNs).lowerBound / Self.dayNs
        if month > contents.month {
            contents.held += contents.ofMonth.usage.kept
            contents.ofMonth = MonthUsage(usage: Usage(), keptMonths: Double(contents.held))
            contents.month = month
        }
        if nowNs / Self.dayNs > contents.day {
            contents.ofDay = Usage()
            contents.day = nowNs / Self.dayNs
        }
    }

    /// Writes what was counted, if anything was.
    mutating func save() throws(FileError) {
        guard isChanged else { return }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        guard let bytes = try? encoder.encode(contents) else { preconditionFailure("counts can be written as JSON") }
        try Folder.create(String(path.prefix(upTo: path.lastIndex(of: "/") ?? path.endIndex)))
        try File.replace(path, with: Array(bytes) + [UInt8(ascii: "\n")])
        isChanged = false
    }
}
