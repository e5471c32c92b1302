internal import Journaling
internal import Lake
internal import Market
internal import Platform

/// How far journal, engine and lake are, for those who wait for them.
extension Pipeline {
    /// Waits until queries see everything that was appended before this call.
    ///
    /// - Returns: false where `isCancelled` became true first.
    public func catchUp(unless isCancelled: () -> Bool = { false }) -> Bool {
        let target = journal.nextOffset
        while store.visibleOffset + 1 < target {
            if isCancelled() || report.snapshot.failure != nil { return false }
            Pause.wait(ns: 5_000_000)
        }
        return true
    }

    /// True while journal or store cannot write, for want of space say, and try again.
    public var isStuck: Bool {
        if case .stalled = journal.state { return true }
        return flushLoop.report.failure != nil
    }

    /// Waits until the lake holds everything that was appended before this call.
    ///
    /// - Returns: false where `isCancelled` became true first, or the journal closed without it.
    public func flush(unless isCancelled: () -> Bool = { false }) -> Bool {
        let target = journal.nextOffset
        while journal.durableOffset < target {
            if isCancelled() || journal.state == .closed { return false }
            Pause.wait(ns: 1_000_000)
        }
        engineLoop.requestFlush()
        while flushedOffset < target {
            if isCancelled() || report.snapshot.failure != nil { return false }
            Pause.wait(ns: 2_000_000)
        }
        return true
    }

    /// Whether the lake has rows of the pipeline.
    var hasCommitted: Bool { Tables.all.contains { store.committedOffset($0.name) >= 0 } }
}
