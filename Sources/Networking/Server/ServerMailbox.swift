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
        /// Connections with something to write that had nothing before.
        var ready: [WebSocketConnection] = []
        var isEmpty: Bool { commands.isEmpty && ready.isEmpty }
    }

    private let contents = Mutex(Contents())
    private let service = Mutex<LibraryService?>(nil)

    /// Says whose thread to wake.
    func connect(_ service: LibraryService) { self.service.withLock { $0 = service } }

    /// Makes the server's thread look into the mailbox soon.
    func wake() { service.withLock { $0 }?.wake() }

    func post(_ command: Command) {
        let wasEmpty = contents.withLock { contents in
            defer { contents.commands.append(command) }
            return contents.isEmpty
        }
        if wasEmpty { wake() }
    }

    /// Puts connections on the list of those to write to, with at most one wake-up for all.
    func schedule(_ connections: [WebSocketConnection]) {
        guard !connections.isEmpty else { return }
        let wasEmpty = contents.withLock { contents in
            defer { contents.ready.append(contentsOf: connections) }
            return contents.isEmpty
        }
        if wasEmpty { wake() }
    }

    /// Exchanges the contents for the emptied `other`.
    func take(into other: inout Contents) {
        other.commands.removeAll(keepingCapacity: true)
        other.ready.removeAll(keepingCapacity: true)
        contents.withLock { swap(&$0, &other) }
    }
}
