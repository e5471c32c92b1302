internal import CWebSockets
internal import Glibc
internal import Platform

/// One connection of the server: requests, and a WebSocket once upgraded.
///
/// - Threading: the server's thread only.
@safe
final class ServerSession {
    private enum Phase {
        /// Waits for a request or reads one.
        case reading
        /// The handler has a request.
        case answering
        /// Upgraded.
        case streaming
        /// Writes the rest, then waits for the peer to close.
        case leaving
    }

    let id: UInt64
    private let handle: OpaquePointer
    private unowned let loop: ServerLoop
    private let remoteAddress: String
    private var phase = Phase.reading
    private var parser: HTTPRequestParser
    private var output = SessionOutput()
    /// Since when the current phase waits for what its deadline is about.
    private var sinceNs: Int64
    private var isInsideRequest = true  // a fresh connection must send its request in time

    private var requestNumber = 0
    private var isHead = false
    private var keepsAlive = true
    private weak var responder: HTTPResponder?

    private var stream: SessionStream?

    init(id: UInt64, handle: OpaquePointer, loop: ServerLoop, nowNs: Int64) {
        self.id = id
        unsafe self.handle = handle
        self.loop = loop
        parser = loop.makeParser()
        remoteAddress = unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { text in
            guard let base = text.baseAddress, let name = unsafe lws_get_peer_simple(handle, base, text.count) else {
                return ""
            }
            return unsafe String(cString: name)
        }
        sinceNs = nowNs
        output.lastProgressNs = nowNs
    }

    // MARK: Bytes in

    func received(_ bytes: RawSpan) {
        switch phase {
        case .reading, .answering:
            parser.append(bytes)
            if phase == .reading { advance() } else if parser.bufferedBytes > 256 << 10 { pauseReading() }
        case .streaming:
            stream?.lastHeardNs = loop.nowNs
            stream?.parser.append(bytes)
            handleMessages()
        case .leaving: break
        }
    }

    /// Handles what the parser has, until a handler is busy or bytes are missing.
    private func advance() {
        while phase == .reading && output.bytes < 1 << 20 {
            switch parser.next() {
            case .needsMore:
                if parser.isInsideRequest && !isInsideRequest {
                    isInsideRequest = true
                    sinceNs = loop.nowNs
                }
                return
            case .awaitsContinue: write(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8))
            case .rejected(let status, let message):
                beginAnswer(isHead: false, keepsAlive: false)
                answer(.rejection(status, message))
            case .request(var request):
                loop.incoming.giveBack(request.body.count)
                request.remoteAddress = remoteAddress
                accept(request)
            }
        }
    }

    private func accept(_ request: HTTPRequest) {
        loop.requests.increment()
        beginAnswer(isHead: request.method == .head, keepsAlive: request.keepsAlive && !loop.isStopping)
        let wantsUpgrade = WebSocketHandshake.isRequested(by: request)
        if let objection = loop.rules.objection(to: request, isUpgrade: wantsUpgrade) {
            answer(.error(403, code: "forbidden", objection))
        } else if let handler = loop.webSockets[request.path] {
            upgrade(request, wantsUpgrade: wantsUpgrade, handler)
        } else {
            let (id, number, mailbox) = (id, requestNumber, loop.mailbox)
            let responder = HTTPResponder { mailbox.post(.respond(session: id, request: number, $0)) }
            self.responder = responder
            loop.handler(request, responder)
        }
    }

    private func beginAnswer(isHead: Bool, keepsAlive: Bool) {
        phase = .answering
        requestNumber += 1
        self.isHead = isHead
        self.keepsAlive = keepsAlive
        sinceNs = loop.nowNs
    }

    // MARK: Answers

    /// An answer from another thread; one that comes too late is dropped.
    func deliver(_ response: HTTPResponse, request: Int) {
        guard phase == .answering, request == requestNumber else { return }
        answer(response)
        if phase == .reading { advance() }
    }

    private func answer(_ response: HTTPResponse) {
        let head = response.head(keepsAlive: keepsAlive, date: HTTPDate.text(.now()))
        if isHead || response.body.isEmpty {
            write(head)
        } else if response.body.count < 32 << 10 {
            write(head + response.body)
        } else {
            write(head)
            write(response.body)
        }
        responder = nil
        phase = keepsAlive ? .reading : .leaving
        isInsideRequest = false
        sinceNs = loop.nowNs
        if output.isPausedByInput { resumeReading() }
    }

    // MARK: WebSocket

    private func upgrade(_ request: HTTPRequest, wantsUpgrade: Bool, _ handler: any WebSocketHandler) {
        guard wantsUpgrade else {
            let headers: HTTPHeaders = ["Upgrade": "websocket", "Connection": "Upgrade"]
            return answer(.error(426, code: "upgrade", "this path is a WebSocket", headers: headers))
        }
        if let refusal = handler.refusal(of: request) { return answer(refusal) }
        switch WebSocketHandshake.answer(to: request) {
        case .failure(let refusal): answer(refusal.response)
        case .success(let accepted):
            let connection = WebSocketConnection(
                id: id, remoteAddress: remoteAddress, options: loop.options, mailbox: loop.mailbox)
            var parser = WebSocketParser(maxMessageBytes: loop.options.maxMessageBytes)
            unsafe parser.append(self.parser.takeRest().span.bytes)
            stream = SessionStream(connection: connection, handler: handler, parser: parser, lastHeardNs: loop.nowNs)
            phase = .streaming
            write(accepted)
            handler.opened(connection, request: request)
            handleMessages()
        }
    }

    private func handleMessages() {
        while phase == .streaming, let stream, let event = stream.parser.next() {
            switch event {
            case .message(let bytes, let isText):
                unsafe stream.handler.received(bytes.span.bytes, isText: isText, from: stream.connection)
            case .ping(let payload): write(WebSocketFrameHeader.control(.pong, payload))
            case .pong: break
            case .close(let code, let reason):
                stream.closing = (code, reason)
                leave(with: WebSocketFrameHeader.close(code: code, reason: ""))
            case .violation(let code, let message):
                stream.closing = (code, message)
                leave(with: WebSocketFrameHeader.close(code: code, reason: message))
            }
        }
    }

    /// Says goodbye behind what waits.
    func close(code: UInt16, reason: String) {
        guard phase == .streaming, let stream else { return }
        stream.closing = (code, reason)
        stream.fill()
        output.append(stream.drain())
        leave(with: WebSocketFrameHeader.close(code: code, reason: reason))
    }

    private func leave(with farewell: [UInt8]) {
        stream?.connection.markClosed()
        write(farewell)
        phase = .leaving
        sinceNs = loop.nowNs
    }

    /// The server stops.
    func goAway() {
        switch phase {
        case .reading: kill()
        case .answering: keepsAlive = false
        case .streaming: close(code: 1001, reason: "the server stops")
        case .leaving: if output.hasEnded { kill() }
        }
    }

    // MARK: Bytes out

    private func write(_ bytes: [UInt8]) {
        if output.isEmpty { output.lastProgressNs = loop.nowNs }
        output.append(bytes)
        wantsToWrite()
    }

    private func wantsToWrite() { unsafe lws_callback_on_writable(handle) }

    /// Writes what was queued for the client at once. A socket that is known to be full will say when it is not.
    func sendQueued() {
        guard phase == .streaming, !output.isPausedByOutput else { return }
        if !writable() { kill() }
    }

    /// The socket takes bytes.
    ///
    /// - Returns: false where the connection is broken.
    func writable() -> Bool {
        output.lastProgressNs = loop.nowNs
        if output.isPausedByOutput {
            output.isPausedByOutput = false
            unsafe lws_rx_flow_control(handle, 1)
        }
        guard unsafe output.flush(to: handle) else { return false }
        if phase == .streaming, output.isEmpty, !output.isPausedByOutput, let stream {
            guard unsafe stream.flush(to: handle, output: &output, sent: loop.sent) else {
                return false
            }
        }
        if output.isPausedByOutput { return true }
        if phase == .reading { advance() }
        if phase == .leaving && output.isEmpty && !output.hasEnded {
            output.hasEnded = true
            sinceNs = loop.nowNs
            if loop.isStopping { kill() } else { unsafe td_lws_end_sending(handle) }
        }
        if !output.isEmpty || stream?.isIdle == false { unsafe lws_callback_on_writable(handle) }
        return true
    }

    private func pauseReading() {
        output.isPausedByInput = true
        unsafe lws_rx_flow_control(handle, 0)
    }

    private func resumeReading() {
        output.isPausedByInput = false
        if !output.isPausedByOutput { unsafe lws_rx_flow_control(handle, 1) }
    }

    // MARK: Time

    /// Checks what may not take for ever.
    func tick() {
        let options = loop.options
        let waited = loop.nowNs - sinceNs
        let isStalled = !output.isEmpty || output.isPausedByOutput || stream?.isIdle == false
        if isStalled && loop.nowNs - output.lastProgressNs > options.writeTimeoutNs {
            stream?.closing = (1008, "the client reads too slowly")
            return kill()
        }
        switch phase {
        case .reading where !isInsideRequest:
            if waited > options.idleTimeoutNs { kill() }
        case .reading:
            guard waited > options.requestTimeoutNs else { return }
            guard parser.isInsideRequest else { return kill() }
            beginAnswer(isHead: false, keepsAlive: false)
            answer(.error(408, code: "timeout", "the request did not arrive in time"))
        case .answering:
            guard waited > options.responseTimeoutNs else { return }
            responder?.cancel()
            keepsAlive = false
            answer(.error(504, code: "timeout", "the answer took too long"))
        case .streaming: stream?.checkPeer(options, nowNs: loop.nowNs, ping: write, kill: kill)
        case .leaving:
            if output.hasEnded && waited > 1_000_000_000 { kill() }
        }
    }

    private func kill() { unsafe td_lws_close_soon(handle) }

    /// The connection is gone.
    func ended() {
        loop.incoming.giveBack(parser.expectedBodyBytes)
        responder?.cancel()
        guard let stream else { return }
        stream.connection.markClosed()
        let (code, reason) = stream.closing ?? (1006, "connection lost")
        stream.handler.closed(stream.connection, code: code, reason: reason)
    }
}
