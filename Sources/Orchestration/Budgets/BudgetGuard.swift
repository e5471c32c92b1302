internal import Platform
internal import Serving
internal import Synchronization

/// Counts what a sink takes, and holds it back where its budget says so.
///
/// - Threading: any thread.
final class BudgetGuard: Sendable {
    /// Why and until when nothing is delivered.
    struct Hold: Sendable {
        let untilNs: Int64
        let reason: String
    }

    private struct State {
        var ledger: UsageLedger
        var reading = UsageMeter.Reading()
        var savedNs: Int64
        /// When `slow` lets the next unit go.
        var nextNs = Int64.min
        var hasWarned = false
        var hasFailed = false
    }

    let sink: String
    private let meter: UsageMeter
    private let budget: Budget?
    private let prices: [PriceList.Price]?
    private let state: Mutex<State>

    /// Counts are saved this often: a crash forgets those of this time.
    private static let saveNs: Int64 = 10_000_000_000

    /// - Parameters:
    ///   - prices: the published ones that hold for the sink; nil where there are none.
    ///   - folder: data folder of the pipeline.
    init(sink: String, _ meter: UsageMeter, _ budget: Budget?, prices: [PriceList.Price]?, folder: String) {
        self.sink = sink
        self.meter = meter
        self.budget = budget
        self.prices = budget?.prices ?? prices
        state = Mutex(State(ledger: UsageLedger(folder: folder, sink: sink), savedNs: Timestamp.now().nanoseconds))
    }

    /// Whether something may be delivered now.
    func hold(_ nowNs: Int64 = Timestamp.now().nanoseconds) -> Hold? {
        guard let budget, budget.action != .warn else { return nil }
        return state.withLock { state in
            let used = Self.used(budget, prices, &state.ledger, nowNs)
            let end = Self.end(budget.period, nowNs)
            if used.part >= 1 {
                return Hold(
                    untilNs: end,
                    reason: "its budget of \(used.name) is used up; it goes on at \(Timestamp(nanoseconds: end))")
            }
            guard budget.action == .slow, used.part >= budget.warnAt, state.nextNs > nowNs else { return nil }
            return Hold(
                untilNs: min(state.nextNs, end),
                reason: "\(Self.percent(used.part)) of its budget of \(used.name) is used; the next rows go at "
                    + "\(Timestamp(nanoseconds: min(state.nextNs, end)))")
        }
    }

    /// How many rows the next unit may have, so that it does not go far beyond a limit.
    func rowsMax(_ most: Int64, _ nowNs: Int64 = Timestamp.now().nanoseconds) -> Int64 {
        guard let budget, budget.action != .warn else { return most }
        return state.withLock { state in
            let usage = Self.usage(budget.period, &state.ledger, nowNs)
            let used = Self.used(budget, prices, &state.ledger, nowNs)
            var rows = budget.rows.map { max(1, min(most, $0 - usage.rows)) } ?? most
            // By what a row took so far.
            if used.part > 0, usage.rows > 0 {
                let left = Double(usage.rows) * (1 - used.part) / used.part
                // A part of it at a time, so that `slow` has something to spread.
                rows = min(rows, max(1, Int64(min(left / 20, 1e15))))
            }
            return max(rows, min(most, Self.rowsMin))
        }
    }

    /// Smaller units would cost more than they spare.
    private static let rowsMin: Int64 = 1000

    /// Counts rows that were delivered, and what was asked for them.
    func record(rows: Int64, _ nowNs: Int64 = Timestamp.now().nanoseconds) {
        state.withLock { state in
            let reading = meter.reading
            let usage = Usage(rows: rows, from: state.reading, to: reading)
            guard usage != Usage() else { return }
            let before = budget.map { Self.used($0, prices, &state.ledger, nowNs).part } ?? 0
            state.reading = reading
            state.ledger.add(usage, nowNs)
            if let budget { follow(budget, before, &state, nowNs) }
            if nowNs - state.savedNs >= Self.saveNs { save(&state, nowNs) }
        }
    }

    /// Writes the counts.
    func save() {
        record(rows: 0)
        state.withLock { save(&$0, Timestamp.now().nanoseconds) }
    }

    private func save(_ state: inout State, _ nowNs: Int64) {
        state.savedNs = nowNs
        do {
            try state.ledger.save()
            state.hasFailed = false
        } catch {
            if !state.hasFailed {
                Log.warning("what the sink used cannot be saved", ["sink": sink, "reason": "\(error)"])
            }
            state.hasFailed = true
        }
    }

    /// Warns once a span, and says when the next unit may go.
    private func follow(_ budget: Budget, _ before: Double, _ state: inout State, _ nowNs: Int64) {
        let used = Self.used(budget, prices, &state.ledger, nowNs)
        if used.part < budget.warnAt { state.hasWarned = false }
        if used.part >= budget.warnAt, !state.hasWarned {
            state.hasWarned = true
            Log.warning(
                "the sink's budget is nearly used up",
                [
                    "sink": sink, "limit": used.name, "used": Self.percent(used.part),
                    "action": budget.action.rawValue,
                ])
        }
        guard budget.action == .slow, used.part >= budget.warnAt, used.part < 1 else { return state.nextNs = .min }
        let left = Double(Self.end(budget.period, nowNs) - nowNs)
        let pause = left * max(0, used.part - before) / (1 - used.part)
        state.nextNs = nowNs + Int64(min(pause, left))
    }

    /// The limit of which most is used, and how much of it.
    private static func used(
        _ budget: Budget, _ prices: [PriceList.Price]?, _ ledger: inout UsageLedger, _ nowNs: Int64
    ) -> (name: String, part: Double) {
        let usage = usage(budget.period, &ledger, nowNs)
        var parts: [(name: String, part: Double)] = []
        if let limit = budget.rows { parts.append(("rows", Double(usage.rows) / Double(limit))) }
        if let limit = budget.requests { parts.append(("requests", Double(usage.requests) / Double(limit))) }
        if let limit = budget.bytes { parts.append(("bytes", Double(usage.bytes) / Double(limit))) }
        if let limit = budget.dollars, let prices {
            parts.append(("cost", prices.dollars(ledger.month(nowNs)) / limit))
        }
        return parts.max { $0.part < $1.part } ?? ("rows", 0)
    }

    private static func usage(_ period: Budget.Period, _ ledger: inout UsageLedger, _ nowNs: Int64) -> Usage {
        period == .day ? ledger.day(nowNs) : ledger.month(nowNs).usage
    }

    private static func end(_ period: Budget.Period, _ nowNs: Int64) -> Int64 {
        period == .day
            ? nowNs - nowNs % UsageLedger.dayNs + UsageLedger.dayNs : UsageLedger.month(of: nowNs).upperBound
    }

    private static func percent(_ part: Double) -> String { "\(Int((part * 100).rounded(.down))) %" }

    /// What is shown of it.
    func status(_ nowNs: Int64 = Timestamp.now().nanoseconds) -> Status.Usage {
        state.withLock { state in
            var status = Status.Usage()
            let month = state.ledger.month(nowNs)
            let predicted = state.ledger.predictedMonth(nowNs)
            status.rows = month.usage.rows
            status.requests = month.usage.requests
            status.bytes = month.usage.bytes
            status.kept = month.usage.kept
            status.cost = prices.map { $0.dollars(month) }
            status.predictedRows = predicted?.usage.rows
            status.predictedBytes = predicted?.usage.bytes
            status.predictedRequests = predicted?.usage.requests
            if let prices, let predicted { status.predictedCost = prices.dollars(predicted) }
            if let budget {
                let used = Self.used(budget, prices, &state.ledger, nowNs)
                status.limit = "\(used.name) per \(budget.period.rawValue)"
                status.used = used.part
                status.action = budget.action.rawValue
                status.isNear = used.part >= budget.warnAt
            }
            return status
        }
    }
}
