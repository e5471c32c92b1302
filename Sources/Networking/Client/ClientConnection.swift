internal import CWebSockets
internal import Platform
internal import Synchronization

/// One connection of a client loop.
@safe
final class ClientConnection: @unchecked Sendable {
    // What is not behind `requests` or `lock` belongs to the loop's thread.
    private struct Requests {
        var messages: [[UInt8]] = []
        var closeCode: UInt16?
        var isAbandoned = false
    }
    private let requests = Mutex(Requests())
    private let url: WebSocketURL
    private let options: WebSocketClient.Options
    /// The loop that serves it; set once, before anything else happens.
    let loop: ClientLoop
    /// Where the host was found; numeric, in the order of preference.
    private var addresses: [String] = []
    private var wantsNextAddress = false

    /// Guards `hasEnded`.
    private let lock = Lock()
    private let ending: Condition
    private var hasEnded = false

    private var delegate: (any WebSocketClientDelegate)?
    private var connection: OpaquePointer?
    private var assembly: MessageAssembly
    private var isOpen = false
    private var status = 0
    private var peerClosing: (code: UInt16, reason: String)?
    private var closingSinceNs: Int64?
    private let startedNs = Stopwatch.monotonicNs()
    private var lastHeardNs = Stopwatch.monotonicNs()
    private var lastPingNs = Stopwatch.monotonicNs()
    private var wantsPing = false
    /// Time of the current turn of the service loop, in which the library reads the socket once.
    private var turnTime = (turn: UInt64.max, time: Timestamp.now())
    private let outgoing = Column<UInt8>(capacity: 4096)

    init(
        _ url: WebSocketURL, options: WebSocketClient.Options, delegate: any WebSocketClientDelegate, loop: ClientLoop
    ) {
        self.url = url
        self.options = options
        self.delegate = delegate
        self.loop = loop
        assembly = MessageAssembly(maxBytes: options.maxMessageBytes)
        ending = Condition(lock)
    }

    /// Waits for the end. Not on the loop's thread.
    func join() { lock.withLock { while !hasEnded { ending.wait() } } }

    // MARK: From any thread

    func send(_ text: [UInt8]) {
        requests.withLock { $0.messages.append(text) }
        loop.wake(self)
    }

    func close(code: UInt16) {
        requests.withLock { $0.closeCode = $0.closeCode ?? code }
        loop.wake(self)
    }

    /// Nobody holds the client any more.
    func abandon() {
        requests.withLock { $0.isAbandoned = true }
        loop.wake(self)
    }

    // MARK: On the loop's thread

    /// Connects to the first address that is left; called again after one that could not be reached.
    ///
    /// - Parameter addresses: of the host, or why there are none.
    @unsafe
    func connect(to addresses: Result<[String], NetworkError>, in context: OpaquePointer) {
        switch addresses {
        case .success(let found): self.addresses = found
        case .failure(let error): return finish(.failed(error))
        }
        unsafe connectToNext(in: context)
    }

    @unsafe
    private func connectToNext(in context: OpaquePointer) {
        guard delegate != nil, !addresses.isEmpty else { return }
        let address = addresses.removeFirst()
        var info = unsafe lws_client_connect_info()
        unsafe info.context = context
        unsafe info.port = Int32(url.port)
        unsafe info.ssl_connection = ClientFlags.connection(
            isSecure: url.isSecure, verifies: options.verifiesCertificate)
        unsafe info.ietf_version_or_minus_one = -1
        unsafe info.opaque_user_data = Unmanaged.passUnretained(self).toOpaque()
        unsafe address.withCString { address in
            unsafe url.authority.withCString { host in
                unsafe url.target.withCString { target in
                    unsafe info.address = address
                    unsafe info.host = host
                    unsafe info.path = target
                    unsafe connection = lws_client_connect_via_info(&info)
                }
            }
        }
        if unsafe connection == nil { fail(.connection, "cannot connect") }
    }

    /// Another thread wants something.
    @unsafe
    func woken(in context: OpaquePointer) {
        let (isClosing, isAbandoned) = requests.withLock { ($0.closeCode != nil, $0.isAbandoned) }
        if isAbandoned { return finish(.closed(code: 1006, reason: "abandoned")) }
        if isClosing && !isOpen { return finish(.closed(code: 1000, reason: "cancelled")) }
        if isClosing && closingSinceNs == nil { closingSinceNs = Stopwatch.monotonicNs() }
        if wantsNextAddress {
            wantsNextAddress = false
            unsafe connectToNext(in: context)
        }
        wantToWrite()
    }

    func tick() {
        let nowNs = Stopwatch.monotonicNs()
        if let closingSinceNs, nowNs - closingSinceNs > 1_000_000_000 {
            return finish(.closed(code: 1000, reason: "no answer to the goodbye"))
        }
        if !isOpen {
            guard nowNs - startedNs > options.connectTimeoutNs else { return }
            return fail(.timeout, "no connection within \(seconds(options.connectTimeoutNs))")
        }
        let silentNs = nowNs - lastHeardNs
        if silentNs > options.silenceTimeoutNs {
            return fail(.timeout, "nothing heard for \(seconds(silentNs)), not even an answer to a ping")
        }
        if silentNs > options.pingIntervalNs && nowNs - lastPingNs > options.pingIntervalNs {
            lastPingNs = nowNs
            wantsPing = true
            wantToWrite()
        }
        delegate?.ticked()
    }

    @unsafe
    func handle(
        _ event: lws_callback_reasons, connection: OpaquePointer?, input: UnsafeMutableRawPointer?, count: Int
    ) -> Int32 {
        guard delegate != nil, let connection = unsafe connection else { return 0 }
        switch event {
        case LWS_CALLBACK_CLIENT_APPEND_HANDSHAKE_HEADER:
            return unsafe appendHeaders(input, count)
        case LWS_CALLBACK_ESTABLISHED_CLIENT_HTTP:
            status = unsafe Int(lws_http_client_http_response(connection))
        case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
            unsafe forget(connection)
            unsafe connectionFailed(connection, input, count)
        case LWS_CALLBACK_CLIENT_ESTABLISHED:
            unsafe self.connection = connection
            isOpen = true
            heard()
            delegate?.opened()
            wantToWrite()
        case LWS_CALLBACK_CLIENT_RECEIVE:
            heard()
            return unsafe received(connection, UnsafeRawBufferPointer(start: input, count: count))
        case LWS_CALLBACK_CLIENT_RECEIVE_PONG:
            heard()
        case LWS_CALLBACK_CLIENT_WRITEABLE:
            return unsafe write(connection)
        case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
            unsafe notePeerClosing(UnsafeRawBufferPointer(start: input, count: count))
        case LWS_CALLBACK_CLIENT_CLOSED:
            unsafe forget(connection)
            closed()
        default: break
        }
        return 0
    }

    private func heard() { lastHeardNs = Stopwatch.monotonicNs() }

    private func wantToWrite() {
        guard isOpen, let connection = unsafe connection else { return }
        unsafe lws_callback_on_writable(connection)
    }

    // MARK: Receiving

    @unsafe
    private func received(_ connection: OpaquePointer, _ bytes: UnsafeRawBufferPointer) -> Int32 {
        let piece = MessageAssembly.Piece(
            isFirst: unsafe lws_is_first_fragment(connection) != 0,
            isLast: unsafe lws_is_final_fragment(connection) != 0,
            remainingInFrame: unsafe Int(clamping: lws_remaining_packet_payload(connection)))
        let isText = unsafe lws_frame_is_binary(connection) == 0
        let time = turnTimestamp()
        let fits = unsafe assembly.add(bytes, piece) { message in
            delegate?.received(message, isText: isText, at: time)
        }
        guard !fits else { return delegate == nil ? -1 : 0 }
        fail(.protocol, "a message has more than \(options.maxMessageBytes) bytes")
        return -1
    }

    /// The library may hand out many messages of one read; they all have that read's time.
    private func turnTimestamp() -> Timestamp {
        let turn = loop.turn
        if turnTime.turn != turn { turnTime = (turn, .now()) }
        return turnTime.time
    }

    @unsafe
    private func notePeerClosing(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count >= 2 else {
            peerClosing = (1005, "")
            return
        }
        let code = unsafe UInt16(bytes[0]) << 8 | UInt16(bytes[1])
        peerClosing = (code, unsafe String(decoding: bytes.dropFirst(2), as: UTF8.self))
    }

    // MARK: Sending

    @unsafe
    private func write(_ connection: OpaquePointer) -> Int32 {
        if wantsPing {
            wantsPing = false
            return unsafe write([], LWS_WRITE_PING, to: connection)
        }
        let (message, closeCode) = requests.withLock { requests in
            (requests.messages.isEmpty ? nil : requests.messages.removeFirst(), requests.closeCode)
        }
        if let message { return unsafe write(message, LWS_WRITE_TEXT, to: connection) }
        guard let closeCode, closingSinceNs != nil else { return 0 }
        unsafe lws_close_reason(connection, lws_close_status(UInt32(closeCode)), nil, 0)
        return -1
    }

    @unsafe
    private func write(_ bytes: [UInt8], _ kind: lws_write_protocol, to connection: OpaquePointer) -> Int32 {
        // The library puts the header ahead of the payload, and masks the payload in place.
        let headroom = td_lws_headroom()
        outgoing.removeAll()
        outgoing.reserve(headroom + bytes.count)
        outgoing.truncateOrExtend(to: headroom)
        unsafe bytes.withUnsafeBytes { unsafe outgoing.append(contentsOf: $0) }
        guard unsafe lws_write(connection, outgoing.pointer + headroom, bytes.count, kind) >= 0 else { return -1 }
        unsafe lws_callback_on_writable(connection)
        return 0
    }

    @unsafe
    private func appendHeaders(_ input: UnsafeMutableRawPointer?, _ room: Int) -> Int32 {
        guard let place = unsafe input?.assumingMemoryBound(to: UnsafeMutablePointer<UInt8>.self) else { return -1 }
        let text = options.headers.fields.map { "\($0.name): \($0.value)\r\n" }.joined()
        guard text.utf8.count < room else { return -1 }
        for byte in text.utf8 {
            unsafe place.pointee.pointee = byte
            unsafe place.pointee += 1
        }
        return 0
    }

    // MARK: The end

    @unsafe
    private func connectionFailed(_ connection: OpaquePointer, _ input: UnsafeMutableRawPointer?, _ count: Int) {
        let bytes = unsafe UnsafeRawBufferPointer(start: input, count: input == nil ? 0 : count)
        let text = unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        let problem = options.verifiesCertificate ? unsafe td_lws_certificate_problem(connection) : nil
        let reason = unsafe problem.map { unsafe String(cString: $0) }
        if reason == nil, status == 0, !addresses.isEmpty {
            // The library cannot begin anew inside this call.
            wantsNextAddress = true
            return loop.wake(self)
        }
        finish(.failed(ClientFailure.error(text, status: status, certificateProblem: reason, url: url)))
    }

    private func closed() {
        if let peerClosing {
            finish(.closed(code: peerClosing.code, reason: peerClosing.reason))
        } else if closingSinceNs != nil {
            finish(.closed(code: requests.withLock { $0.closeCode } ?? 1000, reason: ""))
        } else {
            fail(.connection, "the connection was lost")
        }
    }

    /// What the library still tells of a connection, its end for one, concerns nobody: this may be gone by then.
    @unsafe
    private func forget(_ connection: OpaquePointer) {
        unsafe lws_set_opaque_user_data(connection, nil)
        unsafe self.connection = nil
    }

    private func fail(_ code: NetworkError.Code, _ message: String) {
        finish(.failed(NetworkError(code, message, operation: "\(url)")))
    }

    private func finish(_ end: WebSocketEnd) {
        guard let delegate else { return }
        self.delegate = nil
        if let connection = unsafe connection {
            unsafe forget(connection)
            unsafe td_lws_close_soon(connection)
        }
        delegate.ended(end)
        lock.withLock {
            hasEnded = true
            ending.broadcast()
        }
        loop.finished(self)
    }

    private func seconds(_ ns: Int64) -> String { "\(Double(ns / 1_000_000) / 1000) s" }
}
