public import Platform
internal import Synchronization

/// Shows on a terminal how far a long task is; silent where nobody watches.
///
/// It appears after a second, is drawn at most ten times a second, makes way for log lines and is gone at the end.
/// One at a time; end it with `defer { bar.finish() }`, since an abandoned bar stays on the screen.
///
/// - Threading: any thread. `update` costs one atomic load between drawings.
public final class ProgressBar: Sendable {
    private struct State {
        var line: ProgressLine
        var completed: Int64 = 0
        var total: Int64?
        var speed = SmoothedRate()
        var completion = SmoothedRate()
        var isDrawn = false
        /// True while a log line is being written, and after the end.
        var isHeld = false
        var isFinished = false
    }

    private static let delayNs: Int64 = 1_000_000_000
    private static let redrawNs: Int64 = 100_000_000

    private let terminal: Terminal
    private let now: @Sendable () -> Int64
    private let startNs: Int64
    private let nextDrawNs: Atomic<Int64>
    private let state: Mutex<State>

    /// A bar for a task that starts now.
    ///
    /// - Parameters:
    ///   - label: what is being done, for example `Replaying SPY.csv`.
    ///   - total: how much there is to complete; nil where that is unknown.
    ///   - unit: what is counted, in the plural.
    ///   - now: the clock, monotonic nanoseconds.
    public init(
        _ label: String, total: Int64?, unit: String = "rows", terminal: Terminal = .error,
        now: @escaping @Sendable () -> Int64 = { Stopwatch.monotonicNs() }
    ) {
        self.terminal = terminal
        self.now = now
        startNs = now()
        nextDrawNs = Atomic(terminal.isInteractive ? startNs + Self.delayNs : .max)
        let line = ProgressLine(
            label: label, unit: unit, fraction: total == nil ? nil : 0, count: 0, rate: nil, remaining: nil, elapsed: 0)
        state = Mutex(State(line: line, total: total))
        guard terminal.isInteractive else { return }
        Log.interleave(
            before: { [weak self] in self?.makeWay() }, after: { [weak self] in self?.comeBack() })
    }

    /// Tells how far the task is.
    ///
    /// - Parameters:
    ///   - completed: how much of the total is done, for example bytes of the input.
    ///   - count: how many units that were; `completed` where the total is in units.
    public func update(completed: Int64, count: Int64? = nil) {
        let time = now()
        let due = nextDrawNs.load(ordering: .relaxed)
        guard time >= due else { return }
        // One of several threads draws.
        guard nextDrawNs.compareExchange(expected: due, desired: time + Self.redrawNs, ordering: .relaxed).exchanged
        else { return }
        state.withLock { state in
            guard !state.isFinished else { return }
            measure(&state, time, completed: completed, count: count ?? completed)
            if !state.isHeld { draw(&state) }
        }
    }

    /// Changes how much there is to complete, once that is known.
    public func setTotal(_ total: Int64?) { state.withLock { $0.total = total } }

    /// Changes what is being done.
    public func setLabel(_ label: String) { state.withLock { $0.line.label = label } }

    /// Removes the bar; later updates do nothing.
    public func finish() {
        nextDrawNs.store(.max, ordering: .relaxed)
        let wasRunning = state.withLock { state in
            guard !state.isFinished else { return false }
            state.isFinished = true
            erase(&state)
            return true
        }
        // Outside of the lock: a log line holds the logger's lock while it asks the bar to make way.
        if wasRunning, terminal.isInteractive { Log.interleave(before: nil, after: nil) }
    }

    private func measure(_ state: inout State, _ time: Int64, completed: Int64, count: Int64) {
        state.completed = completed
        state.line.count = count
        state.line.elapsed = Double(time - startNs) / 1e9
        state.speed.add(count, atSeconds: state.line.elapsed)
        state.completion.add(completed, atSeconds: state.line.elapsed)
        state.line.rate = state.speed.perSecond
        state.line.fraction = state.total.map { $0 > 0 ? Double(completed) / Double($0) : 1 }
        state.line.remaining = nil
        if let total = state.total, let perSecond = state.completion.perSecond, perSecond > 0 {
            state.line.remaining = Double(max(0, total - completed)) / perSecond
        }
    }

    private func draw(_ state: inout State) {
        // One column stays free, where some terminals wrap.
        let text = state.line.text(width: max(1, terminal.width() - 1), unicode: terminal.showsUnicode)
        terminal.write("\r" + text + "\u{1B}[K")
        state.isDrawn = true
    }

    private func erase(_ state: inout State) {
        guard state.isDrawn else { return }
        terminal.write("\r\u{1B}[K")
        state.isDrawn = false
    }

    private func makeWay() {
        state.withLock { state in
            state.isHeld = true
            erase(&state)
        }
    }

    private func comeBack() {
        state.withLock { state in
            state.isHeld = false
            guard !state.isFinished, nextDrawNs.load(ordering: .relaxed) > startNs + Self.delayNs else { return }
            draw(&state)
        }
    }
}

/// Units per second, weighted to the last seconds.
struct SmoothedRate: Sendable {
    /// Seconds after which an old rate weighs 1/e.
    private static let memory = 3.0
    private var last: (value: Int64, seconds: Double) = (0, 0)
    /// Nil before time has passed.
    private(set) var perSecond: Double?

    /// Takes a running total.
    mutating func add(_ value: Int64, atSeconds seconds: Double) {
        let span = seconds - last.seconds
        guard span > 0 else { return }
        let current = Double(max(0, value - last.value)) / span
        // 1 − e^(−x) to second order, at most 1: smoothness is all that matters here.
        let x = span / Self.memory
        let weight = min(1, x / (1 + x / 2))
        perSecond = perSecond.map { $0 + (current - $0) * weight } ?? current
        last = (value, seconds)
    }
}
