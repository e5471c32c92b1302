internal import Synchronization

/// What other threads want from the server's thread.
///
/// - Threading: any thread posts; the server's thread takes.
final class ServerMailbox: Sendable {
    enum Command: Sendable {
        case respond(session: UInt64, request: Int, HTTPResponse)
        case close(session: UInt64, code: UInt16, reason: String)
    }
    struct Contents {
        var commands: [Command] = []
        /// Sessions with something to write that had nothing before.
        var ready: [UInt64] = []
        var isEmpty: Bool { commands.isEmpty && ready.isEmpty }
    }

    private struct State {
        var contents = Contents()
        /// The server's thread was woken and has not found the mailbox empty since: it will look again.
        var isAwaited = false
    }

    private let state = Mutex(State())
    /// Something was put in that nobody woke the thread for; spares `flush` the lock.
    private let needsWake = Atomic(false)
    private let service = Mutex<LibraryService?>(nil)

    /// Says whose thread to wake.
    func connect(_ service: LibraryService) { self.service.withLock { $0 = service } }

    /// Makes the server's thread look into the mailbox soon.
    func wake() { service.withLock { $0 }?.wake() }

    func post(_ command: Command) {
        let wasAwaited = state.withLock { state in
            defer { state.isAwaited = true }
            state.contents.commands.append(command)
            return state.isAwaited
        }
        if !wasAwaited { wake() }
    }

    /// Puts a session on the list of those to write to; `flush` wakes the thread for all of them.
    func markReady(_ session: UInt64) {
        state.withLock { state in
            state.contents.ready.append(session)
            if !state.isAwaited { needsWake.store(true, ordering: .relaxed) }
        }
    }

    /// Wakes the server's thread for what was marked ready, unless it is awake.
    func flush() {
        guard needsWake.load(ordering: .relaxed), needsWake.exchange(false, ordering: .relaxed) else { return }
        let mustWake = state.withLock { state in
            guard !state.isAwaited, !state.contents.isEmpty else { return false }
            state.isAwaited = true
            return true
        }
        if mustWake { wake() }
    }

    /// Exchanges the contents for the emptied `other`; where there are none, the next post wakes the thread again.
    func take(into other: inout Contents) {
        other.commands.removeAll(keepingCapacity: true)
        other.ready.removeAll(keepingCapacity: true)
        state.withLock { state in
            swap(&state.contents, &other)
            if other.isEmpty { state.isAwaited = false }
        }
    }
}
