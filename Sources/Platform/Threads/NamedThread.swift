internal import CPlatform
internal import Foundation

/// A thread of the data plane, with a name that tools show.
///
/// - Threading: `join` once, from another thread.
public final class NamedThread: Sendable {
    private let finished = CompletionFlag()
    /// Its name; the operating system shows the first 15 bytes.
    public let name: String

    /// Starts `body` on its own thread.
    public init(_ name: String, stackBytes: Int = 8 << 20, _ body: @escaping @Sendable () -> Void) {
        self.name = name
        let finished = finished
        let work = Work(body)
        let thread = Thread {
            unsafe td_thread_set_name(name)
            work.run()
            ThreadTimes.noteEnd(name, cpuNs: Stopwatch.threadCPUNs())
            finished.signal()
        }
        thread.stackSize = stackBytes
        thread.start()
    }

    /// Waits until the body has returned.
    public func join() { finished.wait() }

    /// Suspends the calling thread for at least `ns` nanoseconds.
    public static func sleep(ns: Int64) { Thread.sleep(forTimeInterval: Double(ns) / 1e9) }
}

/// What a thread runs. What the closure holds is let go before those who join go on: they may count on its end.
private final class Work: @unchecked Sendable {  // used by the new thread alone
    private var body: (@Sendable () -> Void)?

    init(_ body: @escaping @Sendable () -> Void) { self.body = body }

    func run() {
        body?()
        body = nil
    }
}

/// Signals once, wakes every waiter.
private final class CompletionFlag: @unchecked Sendable {  // NSCondition guards the flag
    private let condition = NSCondition()
    private var done = false

    func signal() {
        condition.lock()
        done = true
        condition.broadcast()
        condition.unlock()
    }

    func wait() {
        condition.lock()
        while !done { condition.wait() }
        condition.unlock()
    }
}
