internal import CommandLineKit
internal import Market
internal import Orchestration
internal import Platform

/// `tapedeck calendars`: trading days and hours that the program goes by.
struct CalendarsCommand: Command {
    static let spec = CommandSpec(
        "calendars", "Show trading days and hours: of all calendars now, or the sessions of one.",
        positionals: [.init("CODE", "a calendar such as XNYS, or a venue such as US", required: false)],
        options: [
            .init("config", "FILE", "pipeline whose `calendars` section holds; the program's own unless given"),
            .init("from", "DAY", "first day, today unless given"),
            .init("to", "DAY", "last day, ten days later unless given"),
            .init(flag: "csv", "sessions as comma-separated values, times in nanoseconds since 1970 UTC"),
        ],
        examples: [
            .init("tapedeck calendars", "what is open now, and when the rest opens"),
            .init("tapedeck calendars XNYS --from 2026-12-21 --to 2027-01-04", "the sessions around New Year"),
        ])

    static func run(_ command: ParsedCommand) throws -> ExitCode {
        let calendars =
            try command.value("config").map {
                try PipelineConfiguration.load($0, components: Registry.components).calendars
            } ?? VenueCalendars.standard
        guard let code = command.positional("CODE") else {
            showAll(calendars)
            return .done
        }
        guard let calendar = calendars.calendar(code: code) ?? calendars.calendar(venue: code) else {
            throw UsageError(
                "no calendar and no venue is called \(code)",
                suggestion: "known are \(calendars.calendars.map(\.code).joined(separator: ", "))")
        }
        let today = CivilDate.split(.now()).date.daysSinceEpoch
        let first =
            try command.value("from", form: "a day such as 2026-01-31") { CivilDate($0) }?.daysSinceEpoch ?? today
        let last =
            try command.value("to", form: "a day such as 2026-01-31") { CivilDate($0) }?.daysSinceEpoch ?? first + 10
        guard first <= last, last - first <= 40_000 else {
            throw UsageError("--to lies before --from, or a century later", suggestion: "name two days")
        }
        let sessions = (first...last).compactMap { calendar.session(on: CivilDate(daysSinceEpoch: $0)) }
        if command.flag("csv") { writeCSV(sessions) } else { show(sessions, calendar, first...last) }
        return .done
    }

    private static func showAll(_ calendars: VenueCalendars) {
        let nowNs = Timestamp.now().nanoseconds
        var table = TextTable(["calendar", "market", "now", "until", "checked", "venues"])
        for calendar in calendars.calendars {
            let isOpen = calendar.isOpen(at: nowNs)
            let change =
                calendar.isAlwaysOpen
                ? nil : isOpen ? calendar.nextClose(after: nowNs) : calendar.nextOpen(after: nowNs)
            table.add([
                calendar.code, calendar.name, isOpen ? "open" : "closed", change.map(calendar.wallText) ?? "",
                calendar.coverage.map { "\($0.first) to \($0.last)" } ?? "",
                calendars.assignments.filter { $0.code == calendar.code }.map(\.venue).joined(separator: " "),
            ])
        }
        Terminal.write(table.text(width: Terminal.output.isInteractive ? Terminal.output.width() : nil), to: 1)
    }

    private static func show(_ sessions: [TradingSession], _ calendar: TradingCalendar, _ days: ClosedRange<Int64>) {
        var table = TextTable(["day", "opens (UTC)", "closes (UTC)", ""])
        for session in sessions {
            for (place, span) in session.spans.enumerated() {
                table.add([
                    place == 0 ? session.day.description : "", Timestamp(nanoseconds: span.openNs).description,
                    Timestamp(nanoseconds: span.closeNs).description, session.isShortened ? "early close" : "",
                ])
            }
        }
        Terminal.write(table.text(), to: 1)
        if let covered = calendar.coverage,
            days.lowerBound < covered.first.daysSinceEpoch || days.upperBound > covered.last.daysSinceEpoch
        {
            Terminal.write("checked only from \(covered.first) to \(covered.last); outside, rules alone\n", to: 2)
        }
    }

    private static func writeCSV(_ sessions: [TradingSession]) {
        Terminal.write("day,early_close,open_ns,close_ns,open2_ns,close2_ns\n", to: 1)
        for session in sessions {
            let edges = session.spans.flatMap { [String($0.openNs), String($0.closeNs)] }
            let filled = edges + Array(repeating: "", count: max(0, 4 - edges.count))
            Terminal.write("\(session.day),\(session.isShortened),\(filled.joined(separator: ","))\n", to: 1)
        }
    }
}
