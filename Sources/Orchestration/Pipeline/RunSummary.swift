internal import Analytics
internal import Platform

/// What a run did, in rows.
public struct RunSummary: Sendable {
    /// Events that came in: stored, repeated or rejected.
    public let rowsIn: Int64
    /// Trades, quotes, bars of vendors and records stored.
    public let rowsStored: Int64
    public let deadLetters: Int64
    public let late: Int64
    public let duplicates: Int64
    /// Holes that were opened in the venues' trade numbers and are open still.
    public let gaps: Int64
    /// Bars that became final.
    public let bars: Int64
    public let frames: Int64
    public let seconds: Double

    /// For people, or one line of JSON for machines.
    public func text(asJSON: Bool) -> String {
        let fields: [(String, String, Int64)] = [
            ("rows_in", "rows in", rowsIn), ("rows_stored", "rows stored", rowsStored),
            ("dead_letters", "dead letters", deadLetters), ("late", "late", late),
            ("duplicates", "duplicates", duplicates), ("gaps", "gaps", gaps), ("bars", "final bars", bars),
            ("frames", "frames", frames),
        ]
        if asJSON {
            let members = fields.map { "\"\($0.0)\":\($0.2)" } + ["\"seconds\":\(JSONText.number(seconds))"]
            return "{" + members.joined(separator: ",") + "}\n"
        }
        let width = fields.map(\.1.count).max() ?? 0
        var text = ""
        for (_, name, value) in fields {
            text += name + String(repeating: " ", count: width - name.count + 2) + "\(value)\n"
        }
        let rate = seconds > 0 ? Int64(Double(rowsIn) / seconds) : 0
        return text + "in \((seconds * 100).rounded() / 100) s (\(rate) rows/s)\n"
    }
}

extension Pipeline {
    /// What the pipeline has done since it was opened, in a run of so many seconds.
    public func summary(seconds: Double) -> RunSummary {
        let now = report.snapshot
        let before = opening
        let stored = Int64(
            now.totals.trades + now.totals.quotes + now.totals.records
                - before.totals.trades - before.totals.quotes - before.totals.records)
        let duplicates = Int64(now.totals.duplicates - before.totals.duplicates)
        let rejected = now.deadLetters - before.deadLetters
        return RunSummary(
            rowsIn: stored + duplicates + rejected, rowsStored: stored, deadLetters: rejected,
            late: Int64(now.totals.late - before.totals.late), duplicates: duplicates,
            gaps: Int64(now.totals.gapsOpen - before.totals.gapsOpen),
            bars: Int64(now.totals.bars - before.totals.bars), frames: now.frames - before.frames, seconds: seconds)
    }
}
