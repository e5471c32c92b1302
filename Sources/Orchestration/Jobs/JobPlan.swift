internal import Platform

/// A job of a pipeline: what it does, when, and what becomes of failures.
public struct JobPlan: Sendable {
    public let name: String
    /// What it does, for example `compact`.
    public let kind: String
    /// Nil where it runs after others.
    public let schedule: Schedule?
    /// Jobs behind which it runs: whenever each of them was done since it ran itself.
    public let after: [String]
    let timeoutNs: Int64
    /// Attempts after a failure, until the next time.
    let retries: Int
    /// Runs only where tables got rows since its last success.
    let needsRows: Bool
    let job: any Job

    /// Options of every job.
    static let options: [Spec.Option] = [
        .duration(
            "every", default: "", "Time from one run to the next, counted from 1970 UTC: `1h` is every full hour."),
        .text("cron", default: "", "The same as five fields of cron, in UTC: `30 3 * * *` is every day at 03:30."),
        .list("after", default: "", "Jobs behind which it runs, in place of a time: whenever each of them was done."),
        .text(
            "when", default: "always", choices: ["always", "new_rows"],
            "`new_rows` leaves a run out while no table but `frames`, `diagnostics` and `logs` got rows since the last one "
                + "that was done."),
        .duration("timeout", default: "1h", "Time after which a run is ended, and counts as failed."),
        .integer(
            "retries", default: "3",
            "Attempts after a failure: 10 s later, then twice as long each time, at most 10 m; then it waits for its next time."
        ),
    ]

    /// - Throws: where it has no time, or more than one.
    init(_ component: ConfiguredComponent) throws(ConfigError) {
        let options = component.options
        name = component.name
        kind = component.kind
        after = options.list("after")
        timeoutNs = options.durationNs("timeout")
        retries = Int(max(0, min(100, options.integer("retries"))))
        needsRows = options.text("when") == "new_rows"
        job = try JobRegistry.make(options)
        let ways = [options.isSet("every"), options.isSet("cron"), !after.isEmpty].count { $0 }
        guard ways == 1 else {
            throw options.error(
                "every", ways == 0 ? "`\(name)` says no time" : "`\(name)` says more than one time",
                suggestion: "write one of `every: 1h`, `cron: \"30 3 * * *\"` and `after: [job]`")
        }
        if options.isSet("cron") {
            guard let cron = Cron(options.text("cron")) else {
                throw options.error(
                    "cron", "`\(options.text("cron"))` is not five fields of cron",
                    suggestion: "write minute, hour, day, month and day of the week, as in `30 3 * * *`")
            }
            schedule = Schedule(cron, text: options.text("cron"))
        } else if options.isSet("every") {
            guard options.durationNs("every") >= 1_000_000_000 else {
                throw options.error("every", "less than a second", suggestion: "write `every: 1h`")
            }
            let everyNs = options.durationNs("every")
            schedule = Schedule(everyNs: everyNs, text: DurationText.text(nanoseconds: everyNs))
        } else {
            schedule = nil
        }
    }

    /// Whether a job is among those that it runs after, over others or at once.
    static func waitsForItself(_ plan: JobPlan, among plans: [JobPlan]) -> Bool {
        var names = plan.after
        var seen: Set<String> = []
        while let name = names.popLast() {
            if name == plan.name { return true }
            if seen.insert(name).inserted { names += plans.first { $0.name == name }?.after ?? [] }
        }
        return false
    }

    /// When it runs, in words.
    var timeText: String { schedule?.text ?? "after " + after.joined(separator: ", ") }
}
