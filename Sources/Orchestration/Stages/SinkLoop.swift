internal import Databases
internal import Delivery
internal import Lake
internal import Market
internal import Platform
internal import Synchronization

/// The thread of a sink: takes what its target does not have from memory and lake, unit by unit.
///
/// The target says where to go on, so that live delivery, the way back after an outage, and a sink that comes late are the
/// same. It never holds up the rest of the pipeline.
final class SinkLoop: Sendable {
    /// What the loop lets others know.
    struct Report: Sendable {
        /// Why the last attempt failed; nil while all is well.
        var failure: String?
        /// A person has to see to the failure.
        var isRefused = false
        /// The last offset that the target had of any table when it was first asked; nil before.
        var opened: Int64?
        /// The target can have no rows from here on; nil where that is not known, or the target was found to be below.
        var bound: Int64?
        /// Why its budget holds it back; nil where it does not.
        var held: String?
        /// First journal offset that is not delivered, of all tables; nil before the target said where it is.
        var offset: Int64?
        /// Rows delivered by this program.
        var rows: Int64 = 0
        /// Rows that the target would not take.
        var rejected: Int64 = 0
        var lastNs = Int64.min
        var lastSeconds = 0.0
        /// Since when something waits; nil where nothing does.
        var behindSinceNs: Int64?
    }

    let name: String
    private let target: any DeliveryTarget
    private let tables: [TableSchema]
    private let store: HotStore
    private let everyNs: Int64
    private let first: Int64
    /// Compared with what the target says when it is first asked.
    private let end: OpeningEnd?
    let budget: BudgetGuard
    private let state = Mutex(Report())
    private let isClosing = Atomic(false)
    private let isHurried = Atomic(false)
    private let isOver = Atomic(false)

    private static let pauseNs: ClosedRange<Int64> = 100_000_000...30_000_000_000
    /// Time between looks whether the budget lets go.
    private static let heldNs: Int64 = 500_000_000

    /// - Parameters:
    ///   - everyNs: time between looks for new rows.
    ///   - budget: counts what is delivered, and may hold it back.
    ///   - first: no rows have an offset below.
    ///   - end: where the journal ended before anything was delivered; nil for one that is not kept.
    init(
        _ name: String, _ target: any DeliveryTarget, _ tables: [TableSchema], _ store: HotStore, everyNs: Int64,
        budget: BudgetGuard, from first: Int64 = 0, notBeyond end: OpeningEnd? = nil
    ) {
        self.first = first
        self.end = end
        self.name = name
        self.budget = budget
        self.target = target
        self.tables = tables
        self.store = store
        self.everyNs = everyNs
    }

    var report: Report { state.withLock { $0 } }

    /// Lets the thread end after one more look.
    func close() { isClosing.store(true, ordering: .releasing) }

    /// Lets the next look come at once, whatever time there is between looks.
    func hurry() { isHurried.store(true, ordering: .releasing) }

    /// Says that the journal ended at `end` with all that the target could have had when it was first asked.
    func refuse(beyond end: Int64) { state.withLock { $0.bound = end } }

    /// True once the thread has ended.
    var hasEnded: Bool { isOver.load(ordering: .acquiring) }

    /// True where the target has everything up to an offset, itself included.
    func hasDelivered(upTo offset: Int64) -> Bool { report.offset.map { $0 > offset } ?? false }

    /// Runs until closed.
    func run() {
        defer {
            budget.save()
            isOver.store(true, ordering: .releasing)
        }
        var cursor: SinkCursor?
        var end = self.end
        var pauseNs = Self.pauseNs.lowerBound
        while true {
            let isLast = isClosing.load(ordering: .acquiring)
            let rows = report.rows
            do {
                if cursor == nil { noteBehind() }
                if isHeld() {
                    if isLast { break }
                    pause(ns: Self.heldNs)
                    continue
                }
                let open = try cursor ?? SinkCursor(target, tables, store, from: first)
                cursor = open
                try compare(open, &end)
                try pass(open)
                pauseNs = Self.pauseNs.lowerBound
                let failed = state.withLock { state in
                    defer { (state.failure, state.isRefused) = (nil, false) }
                    return state.failure != nil
                }
                if failed { Log.info("the sink works again", ["sink": name]) }
                if !isLast { pause(ns: everyNs, canHurry: true) }
            } catch {
                // Whatever it was: the target says anew how far it is.
                target.close()
                cursor = nil
                note(error)
                // What fails now and then gets on all the same.
                if report.rows > rows { pauseNs = Self.pauseNs.lowerBound }
                if !isLast { pause(ns: pauseNs) }
                pauseNs = min(pauseNs * 2, Self.pauseNs.upperBound)
            }
            if isLast { break }
        }
        target.close()
    }

    /// Makes sure that what the target has came from this journal.
    private func compare(_ cursor: SinkCursor, _ end: inout OpeningEnd?) throws {
        state.withLock { $0.opened = $0.opened ?? cursor.furthest.offset }
        if let end { try cursor.check(notBeyond: end.offset) }
        try end?.pass()
        end = nil
        guard let bound = report.bound else { return }
        try cursor.check(notBeyond: bound)
        state.withLock { $0.bound = nil }
    }

    /// Delivers everything that can be seen when it starts.
    private func pass(_ cursor: SinkCursor) throws {
        for table in tables {
            let last = cursor.visibleOffset(table)
            while cursor.offset(table) < last {
                noteBehind()
                if isHeld() { return }
                let watch = Stopwatch()
                let unit = try cursor.deliver(table, upTo: last, rowsMax: budget.rowsMax(target.unitRowsMax))
                budget.record(rows: unit.rows)
                state.withLock { state in
                    state.rows += unit.rows
                    state.rejected += unit.rejected
                    if unit.rows > 0 {
                        state.lastNs = Timestamp.now().nanoseconds
                        state.lastSeconds = watch.seconds
                    }
                }
                if let reason = unit.reason {
                    Log.error("the sink does not take a row", ["sink": name, "table": table.name, "reason": reason])
                }
                noteOffset(cursor)
            }
        }
        noteOffset(cursor)
        state.withLock { $0.behindSinceNs = nil }
    }

    /// Whether the budget holds the sink back now.
    private func isHeld() -> Bool {
        let reason = budget.hold()?.reason
        let isNew = state.withLock { state in
            defer { state.held = reason }
            return state.held == nil && reason != nil
        }
        if isNew, let reason {
            Log.warning("the sink is held back; nothing is lost", ["sink": name, "reason": reason])
        }
        return reason != nil
    }

    private func noteOffset(_ cursor: SinkCursor) {
        let offset = tables.map { cursor.offset($0) + 1 }.min()
        state.withLock { $0.offset = offset }
    }

    private func noteBehind() {
        let nowNs = Timestamp.now().nanoseconds
        state.withLock { if $0.behindSinceNs == nil { $0.behindSinceNs = nowNs } }
    }

    private func note(_ error: any Error) {
        noteBehind()
        let isRefused = (error as? DeliveryError)?.kind == .ahead
        let isNew = state.withLock { state in
            defer { (state.failure, state.isRefused) = ("\(error)", isRefused) }
            return state.failure != "\(error)"
        }
        guard isNew else { return }
        if isRefused {
            return Log.error("nothing is delivered to the sink", ["sink": name, "reason": "\(error)"])
        }
        Log.warning(
            "cannot deliver to the sink; nothing is lost, trying again", ["sink": name, "reason": "\(error)"])
    }

    private func pause(ns: Int64, canHurry: Bool = false) {
        let watch = Stopwatch()
        while watch.elapsedNs < ns, !isClosing.load(ordering: .acquiring) {
            if canHurry, isHurried.exchange(false, ordering: .acquiringAndReleasing) { return }
            Pause.wait(ns: min(ns, 20_000_000))
        }
    }
}
