internal import CWebSockets
internal import Glibc
internal import Platform
internal import Synchronization

/// The server's thread: owns the sessions, takes what other threads post.
@safe
final class ServerLoop: LibraryServiceDelegate, @unchecked Sendable {
    // Sessions and contents belong to the service thread; the rest is immutable or atomic.
    let options: HTTPServer.Options
    let rules: AccessRules
    let webSockets: [String: any WebSocketHandler]
    let handler: HTTPServer.Handler
    let mailbox = ServerMailbox()
    let requests: Counter
    let sent: SentCounters
    /// Bodies on their way in.
    let incoming: IncomingBytes
    private(set) var port = 0
    private var service: LibraryService?

    private var sessions: [UInt64: ServerSession] = [:]
    private var lastID: UInt64 = 0
    private var contents = ServerMailbox.Contents()
    private(set) var nowNs = Stopwatch.monotonicNs()
    private(set) var isStopping = false
    private var stopDeadlineNs = Int64.max

    private let stopRequested = Atomic(false)
    private let openConnections = Atomic(0)
    var connectionCount: Int { openConnections.load(ordering: .relaxed) }

    init(
        options: HTTPServer.Options, metrics: Metrics, webSockets: [String: any WebSocketHandler],
        handler: @escaping HTTPServer.Handler
    ) throws(NetworkError) {
        self.options = options
        self.webSockets = webSockets
        self.handler = handler
        rules = AccessRules(options)
        incoming = IncomingBytes(limit: options.maxIncomingBytes)
        requests = metrics.counter("tapedeck_http_requests_total", help: "HTTP requests, upgrades included.")
        sent = SentCounters(metrics)
        let listener = try Listener(options)
        let service = try unsafe LibraryService(
            delegate: self, usesTLS: options.certificatePath != nil, tickNs: Self.tickNs(options),
            operation: listener.address,
            strings: [
                listener.interface, options.certificatePath, options.privateKeyPath, "raw-skt", "tapedeck", "http/1.1",
            ]
        ) { info, texts in
            unsafe listener.configure(&info, texts)
        }
        guard let context = unsafe service.context, let host = unsafe lws_get_vhost_by_name(context, "default") else {
            throw NetworkError(.listen, "the network library has no listener", operation: listener.address)
        }
        port = unsafe Int(lws_get_vhost_listen_port(host))
        self.service = service
        mailbox.connect(service)
    }

    /// Often enough for the shortest of the time limits.
    private static func tickNs(_ options: HTTPServer.Options) -> Int64 {
        let shortest = min(
            options.requestTimeoutNs, options.idleTimeoutNs, options.responseTimeoutNs, options.writeTimeoutNs,
            options.pingIntervalNs)
        return max(5_000_000, min(250_000_000, shortest / 4))
    }

    func start() { service?.start("server", keeping: self) }

    func requestStop() {
        stopRequested.store(true, ordering: .releasing)
        mailbox.wake()
    }

    func join() { service?.join() }

    // MARK: On the server's thread

    func started() {}

    /// Longest time given to what other threads post before sockets and timers get their turn, in nanoseconds.
    private static let mailboxTurnNs: Int64 = 2_000_000
    /// Longest pause after a long turn of writing, in nanoseconds.
    private static let restNsMax: Int64 = 1_000_000

    /// Empties the mailbox: what came in goes out at once, what comes in from then on is gathered for a moment.
    /// Gathering spares the posting threads a wake-up each, and messages for one client leave with one write. Where the
    /// writing itself takes longer than that, half its time again is left to the other threads: more messages then share
    /// a write, and the load falls.
    func woken() {
        nowNs = Stopwatch.monotonicNs()
        if stopRequested.load(ordering: .acquiring) { beginStop() }
        let endNs = nowNs + Self.mailboxTurnNs
        while nowNs < endNs {
            mailbox.take(into: &contents)
            if contents.isEmpty { return }
            let startNs = nowNs
            for command in contents.commands { carryOut(command) }
            for session in contents.ready { sessions[session]?.sendQueued() }
            nowNs = Stopwatch.monotonicNs()
            if !contents.ready.isEmpty {
                let spentNs = nowNs - startNs
                Pause.wait(ns: max(options.gatherNs - spentNs, min(spentNs / 2, Self.restNsMax)))
                nowNs = Stopwatch.monotonicNs()
            }
        }
        mailbox.wake()
    }

    private func carryOut(_ command: ServerMailbox.Command) {
        switch command {
        case .respond(let session, let request, let response):
            sessions[session]?.deliver(response, request: request)
        case .close(let session, let code, let reason): sessions[session]?.close(code: code, reason: reason)
        }
    }

    func tick() {
        nowNs = Stopwatch.monotonicNs()
        if stopRequested.load(ordering: .acquiring) { beginStop() }
        for session in sessions.values { session.tick() }
        if nowNs > stopDeadlineNs { service?.endLoop() }
    }

    private func beginStop() {
        guard !isStopping else { return }
        isStopping = true
        stopDeadlineNs = nowNs + 1_000_000_000
        for session in sessions.values { session.goAway() }
        if sessions.isEmpty { service?.endLoop() }
    }

    @unsafe
    func handle(
        _ event: lws_callback_reasons, connection: OpaquePointer?, input: UnsafeMutableRawPointer?, count: Int
    ) -> Int32 {
        switch event {
        case LWS_CALLBACK_FILTER_NETWORK_CONNECTION:
            return isStopping || sessions.count >= options.maxConnections ? 1 : 0
        case LWS_CALLBACK_RAW_ADOPT:
            unsafe adopt(connection)
        case LWS_CALLBACK_RAW_RX:
            nowNs = Stopwatch.monotonicNs()
            let bytes = unsafe UnsafeRawBufferPointer(start: input, count: count)
            unsafe session(of: connection)?.received(bytes.bytes)
        case LWS_CALLBACK_RAW_WRITEABLE:
            nowNs = Stopwatch.monotonicNs()
            return unsafe session(of: connection)?.writable() == false ? -1 : 0
        case LWS_CALLBACK_RAW_CLOSE:
            unsafe release(connection)
        default: break
        }
        return 0
    }

    @unsafe
    private func adopt(_ connection: OpaquePointer?) {
        guard let connection = unsafe connection else { return }
        nowNs = Stopwatch.monotonicNs()
        lastID += 1
        let session = unsafe ServerSession(id: lastID, handle: connection, loop: self, nowNs: nowNs)
        sessions[session.id] = session
        openConnections.store(sessions.count, ordering: .relaxed)
        unsafe lws_set_opaque_user_data(connection, Unmanaged.passUnretained(session).toOpaque())
    }

    @unsafe
    private func release(_ connection: OpaquePointer?) {
        guard let session = unsafe session(of: connection) else { return }
        unsafe lws_set_opaque_user_data(connection, nil)
        sessions[session.id] = nil
        openConnections.store(sessions.count, ordering: .relaxed)
        session.ended()
        if isStopping && sessions.isEmpty { service?.endLoop() }
    }

    @unsafe
    private func session(of connection: OpaquePointer?) -> ServerSession? {
        guard let connection = unsafe connection, let data = unsafe lws_get_opaque_user_data(connection) else {
            return nil
        }
        return unsafe Unmanaged<ServerSession>.fromOpaque(data).takeUnretainedValue()
    }
}
