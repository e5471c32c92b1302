internal import CWebSockets
internal import Glibc
internal import Platform
internal import Synchronization

/// The thread that serves the connections of all clients with the same certificate authorities.
///
/// It starts with the first connection and ends with the last; a later one starts another.
@safe
final class ClientLoop: LibraryServiceDelegate, @unchecked Sendable {  // `state` is locked, the rest is the thread's
    private struct State {
        /// Connections that the loop serves, or will once their host was found.
        var connections: [ObjectIdentifier: ClientConnection] = [:]
        /// Hosts that were found, for the thread to connect to.
        var found: [(ClientConnection, Result<[String], NetworkError>)] = []
        /// Connections with something to send or to end.
        var awake: [ClientConnection] = []
        var hasEnded = false
    }
    private let state = Mutex(State())
    private var service: LibraryService?
    /// How often connections look at the clock.
    private static let tickNs: Int64 = 20_000_000
    /// The loops that run, by their certificate authorities. Its lock is never held while a connection is called.
    private static let running = Mutex<[String: ClientLoop]>([:])

    /// Turns of the loop so far; in each the library reads a socket at most once.
    var turn: UInt64 { service?.turn ?? 0 }

    /// A connection on the loop for its options, which starts to connect.
    ///
    /// - Throws: `NetworkError` where the library cannot be set up or the authority file cannot be read.
    static func connect(
        _ url: WebSocketURL, options: WebSocketClient.Options, delegate: any WebSocketClientDelegate
    ) throws(NetworkError) -> ClientConnection {
        if let file = options.authorityFile {
            guard unsafe access(file, R_OK) == 0 else {
                throw NetworkError(.configuration, "cannot read the certificate authorities", operation: file)
            }
        }
        let connection = try running.withLock { loops throws(NetworkError) in
            let key = options.authorityFile ?? ""
            if let loop = loops[key] {
                let connection = ClientConnection(url, options: options, delegate: delegate, loop: loop)
                if loop.adopt(connection) { return connection }
            }
            let loop = try ClientLoop(key, authorityFile: options.authorityFile, operation: "\(url)")
            let connection = ClientConnection(url, options: options, delegate: delegate, loop: loop)
            _ = loop.adopt(connection)
            loop.service?.start("feeds-io", keeping: loop)
            loops[key] = loop
            return connection
        }
        HostResolver.find(url) { addresses in
            connection.loop.found(addresses, for: connection)
        }
        return connection
    }

    private let key: String

    private init(_ key: String, authorityFile: String?, operation: String) throws(NetworkError) {
        self.key = key
        service = try unsafe LibraryService(
            delegate: self, usesTLS: true, tickNs: Self.tickNs, operation: operation, strings: [authorityFile]
        ) { info, texts in
            unsafe info.client_ssl_ca_filepath = UnsafePointer(texts[0])
            if unsafe texts[0] != nil { unsafe info.options |= td_lws_option_no_system_authorities() }
            unsafe info.max_http_header_data = 16 << 10
        }
    }

    /// Takes a connection; false where the loop has ended meanwhile.
    private func adopt(_ connection: ClientConnection) -> Bool {
        state.withLock { state in
            guard !state.hasEnded else { return false }
            state.connections[ObjectIdentifier(connection)] = connection
            return true
        }
    }

    /// Something is to be done for a connection. A loop that has ended must not keep it: it keeps the loop.
    func wake(_ connection: ClientConnection) {
        let runs = state.withLock { state in
            if !state.hasEnded { state.awake.append(connection) }
            return !state.hasEnded
        }
        if runs { service?.wake() }
    }

    private func found(_ addresses: Result<[String], NetworkError>, for connection: ClientConnection) {
        let runs = state.withLock { state in
            if !state.hasEnded { state.found.append((connection, addresses)) }
            return !state.hasEnded
        }
        if runs { service?.wake() }
    }

    /// A connection has ended; with the last one the thread ends.
    func finished(_ connection: ClientConnection) {
        let isLast = state.withLock { state in
            state.connections[ObjectIdentifier(connection)] = nil
            state.hasEnded = state.connections.isEmpty
            if state.hasEnded { (state.found, state.awake) = ([], []) }
            return state.hasEnded
        }
        guard isLast else { return }
        Self.running.withLock { loops in if loops[key] === self { loops[key] = nil } }
        service?.endLoop()
    }

    // MARK: On the service thread

    func started() {}

    func woken() {
        let (found, awake) = state.withLock { state in
            defer { (state.found, state.awake) = ([], []) }
            return (state.found, state.awake)
        }
        guard let context = unsafe service?.context else { return }
        for (connection, addresses) in found { unsafe connection.connect(to: addresses, in: context) }
        for connection in awake { unsafe connection.woken(in: context) }
    }

    func tick() {
        for connection in state.withLock({ Array($0.connections.values) }) { connection.tick() }
    }

    @unsafe
    func handle(
        _ event: lws_callback_reasons, connection: OpaquePointer?, input: UnsafeMutableRawPointer?, count: Int
    ) -> Int32 {
        guard let connection = unsafe connection, let owner = unsafe lws_get_opaque_user_data(connection) else {
            return 0
        }
        // Kept for the call: its end lets go of the connection.
        let target = unsafe Unmanaged<ClientConnection>.fromOpaque(owner).takeUnretainedValue()
        return withExtendedLifetime(target) {
            unsafe target.handle(event, connection: connection, input: input, count: count)
        }
    }
}
