internal import Foundation
internal import Platform
internal import Synchronization

/// Runs a pipeline's jobs, one at a time, when they are due.
///
/// A moment that passed while the program was down is served once, at the next start. What runs, ran and failed is in the job's record,
/// which is written before and after each run: a run that a crash ended is run again.
/// - Threading: `run` on a thread of its own; the rest from any.
final class JobScheduler: Sendable {
    let plans: [JobPlan]
    let folder: JobFolder
    private let context: @Sendable (_ job: String, _ goesOn: @escaping @Sendable () -> Bool) -> JobContext
    /// How far the tables are, by name.
    private let rows: @Sendable () -> [String: Int64]
    private let now: @Sendable () -> Int64
    private let records: Mutex<[String: JobRecord]>
    private let isEnding = Atomic(false)
    private let hasEndedFlag = Atomic(false)

    private static let retryNs: ClosedRange<Int64> = 10_000_000_000...600_000_000_000

    /// - Parameters:
    ///   - rows: how far the tables are, by name.
    ///   - now: nanoseconds since 1970 UTC.
    init(
        _ plans: [JobPlan], folder: JobFolder,
        context: @escaping @Sendable (_ job: String, _ goesOn: @escaping @Sendable () -> Bool) -> JobContext,
        rows: @escaping @Sendable () -> [String: Int64],
        now: @escaping @Sendable () -> Int64 = { Timestamp.now().nanoseconds }
    ) {
        self.plans = plans
        self.folder = folder
        self.context = context
        self.rows = rows
        self.now = now
        folder.keep(only: plans.map(\.name))
        let start = now()
        var records: [String: JobRecord] = [:]
        for plan in plans {
            // A new job is not due for what was before it.
            var record =
                folder.record(plan.name) ?? JobRecord(kind: plan.kind, time: plan.timeText, servedNs: start)
            record.kind = plan.kind
            record.time = plan.timeText
            record.nextNs = plan.schedule?.next(after: start)
            if let began = record.runningNs {
                record.add(
                    .init(
                        startedNs: began, endedNs: start, outcome: "stopped", summary: "the program ended", attempt: 0))
                record.retryNs = start
            }
            records[plan.name] = record
        }
        self.records = Mutex(records)
        for (name, record) in records { save(record, name) }
    }

    /// Runs what is due until `end`.
    func run() {
        while !isEnding.load(ordering: .acquiring) {
            runDue()
            for _ in 0..<10 where !isEnding.load(ordering: .acquiring) { Pause.wait(ns: 50_000_000) }
        }
        hasEndedFlag.store(true, ordering: .releasing)
    }

    /// Asks the run that goes on to end, and starts none.
    func end() { isEnding.store(true, ordering: .releasing) }

    var hasEnded: Bool { hasEndedFlag.load(ordering: .acquiring) }

    /// What is known of a job.
    func record(_ name: String) -> JobRecord? { records.withLock { $0[name] } }

    /// Runs each job that is due, once.
    func runDue() {
        for plan in plans where !isEnding.load(ordering: .acquiring) {
            let isWanted = folder.isWanted(plan.name)
            if isWanted || isDue(plan) { run(plan, isWanted: isWanted) }
        }
    }

    private func isDue(_ plan: JobPlan) -> Bool {
        guard !folder.isPaused(plan.name), let record = record(plan.name) else { return false }
        let now = now()
        if let retry = record.retryNs { return now >= retry }
        if let schedule = plan.schedule {
            guard let latest = schedule.latest(notAfter: now), latest > record.servedNs else { return false }
        } else {
            let started = record.runs.last?.startedNs ?? .min
            let isBehind = plan.after.allSatisfy { name in (self.record(name)?.doneNs ?? .min) > started }
            guard isBehind else { return false }
        }
        if plan.needsRows, rows() == record.rows {
            update(plan) { $0.servedNs = now }
            return false
        }
        return true
    }

    private func run(_ plan: JobPlan, isWanted: Bool) {
        if isWanted { try? folder.setWanted(plan.name, false) }
        let started = now()
        let rows = rows()
        let attempt = record(plan.name)?.failures ?? 0
        update(plan) { record in
            record.runningNs = started
            record.servedNs = started
            record.retryNs = nil
            record.nextNs = plan.schedule?.next(after: started)
        }
        let watch = Stopwatch()
        let context = context(plan.name) { [self] in
            !isEnding.load(ordering: .acquiring) && watch.elapsedNs < plan.timeoutNs
        }
        context.log("begins" + (attempt > 0 ? ", attempt \(attempt + 1)" : ""))
        let (outcome, summary) = perform(plan, context, watch)
        context.log("\(outcome): \(summary)")
        if outcome == "failed" || outcome == "timed out" {
            Log.warning("a job failed", ["job": plan.name, "outcome": outcome, "reason": summary])
        }
        update(plan) { record in
            record.add(
                .init(startedNs: started, endedNs: now(), outcome: outcome, summary: summary, attempt: attempt))
            switch outcome {
            case "done":
                record.failures = 0
                record.rows = rows
            case "stopped": record.retryNs = now()
            default:
                record.failures += 1
                if record.failures <= plan.retries {
                    let pause = Self.retryNs.lowerBound << min(10, record.failures - 1)
                    record.retryNs = now() + min(pause, Self.retryNs.upperBound)
                } else {
                    record.failures = 0
                }
            }
        }
    }

    private func perform(_ plan: JobPlan, _ context: JobContext, _ watch: Stopwatch) -> (String, String) {
        do {
            return ("done", try plan.job.run(context))
        } catch is JobStopped {
            return watch.elapsedNs >= plan.timeoutNs
                ? ("timed out", "ended after \(DurationText.text(nanoseconds: plan.timeoutNs))")
                : ("stopped", "the program ends")
        } catch {
            return ("failed", "\(error)")
        }
    }

    private func update(_ plan: JobPlan, _ body: (inout JobRecord) -> Void) {
        let record = records.withLock { records -> JobRecord? in
            guard var record = records[plan.name] else { return nil }
            body(&record)
            records[plan.name] = record
            return record
        }
        if let record { save(record, plan.name) }
    }

    private func save(_ record: JobRecord, _ name: String) {
        do { try folder.save(record, name) } catch {
            Log.warning("what is known of a job cannot be saved", ["job": name, "reason": "\(error)"])
        }
    }
}
