/// Turns the bytes a client sends into messages: the server's side of RFC 6455, bounded, no I/O.
struct WebSocketParser {
    enum Event {
        case message([UInt8], isText: Bool)
        case ping([UInt8])
        case pong
        /// The client says goodbye; 1005 where it gave no code.
        case close(code: UInt16, reason: String)
        /// The client broke the protocol: close with this code.
        case violation(code: UInt16, String)
    }

    /// Limit of a message, in bytes.
    let maxMessageBytes: Int
    private var buffer: [UInt8] = []
    private var start = 0
    private var message: [UInt8] = []
    /// Opcode of the message under way.
    private var messageOpcode: WebSocketOpcode?
    private var hasFailed = false

    init(maxMessageBytes: Int) { self.maxMessageBytes = maxMessageBytes }

    mutating func append(_ bytes: RawSpan) {
        if start == buffer.count {
            buffer.removeAll(keepingCapacity: true)
            start = 0
        } else if start > 64 << 10 {
            buffer.removeFirst(start)
            start = 0
        }
        unsafe bytes.withUnsafeBytes { unsafe buffer.append(contentsOf: $0) }
    }

    /// The next event; nil where more bytes are needed, and for ever behind a violation.
    mutating func next() -> Event? {
        while !hasFailed, let header = parseHeader() {
            switch header {
            case .failure(let problem): return fail(problem.code, problem.message)
            case .success(let frame):
                guard buffer.count - start >= frame.headerBytes + frame.payloadBytes else { return nil }
                if let event = handle(frame) { return event }
            }
        }
        return nil
    }

    private struct Problem: Error {
        let code: UInt16
        let message: String
    }

    private struct Frame {
        let opcode: WebSocketOpcode
        let isFinal: Bool
        let headerBytes: Int
        let payloadBytes: Int
    }

    private mutating func fail(_ code: UInt16, _ message: String) -> Event {
        hasFailed = true
        return .violation(code: code, message)
    }

    /// Checks a header as soon as it is there, so that a frame too large is refused before its payload arrives.
    private func parseHeader() -> Result<Frame, Problem>? {
        let available = buffer.count - start
        guard available >= 2 else { return nil }
        let first = buffer[start]
        let second = buffer[start + 1]
        guard first & 0x70 == 0, let opcode = WebSocketOpcode(rawValue: first & 0x0f) else {
            return .failure(Problem(code: 1002, message: "reserved bits or opcode"))
        }
        guard second & 0x80 != 0 else { return .failure(Problem(code: 1002, message: "client frames are masked")) }
        let isFinal = first & 0x80 != 0
        var length = UInt64(second & 0x7f)
        var headerBytes = 6
        if length >= 126 {
            let extra = length == 126 ? 2 : 8
            guard available >= 2 + extra else { return nil }
            length = buffer[start + 2..<start + 2 + extra].reduce(0) { $0 << 8 | UInt64($1) }
            headerBytes += extra
        }
        if opcode.isControl {
            guard isFinal, length <= 125 else {
                return .failure(Problem(code: 1002, message: "control frames are short and whole"))
            }
        } else {
            guard (opcode == .continuation) == (messageOpcode != nil) else {
                return .failure(Problem(code: 1002, message: "fragments out of order"))
            }
            guard length <= UInt64(maxMessageBytes - message.count) else {
                return .failure(Problem(code: 1009, message: "messages may have \(maxMessageBytes) bytes at most"))
            }
        }
        guard available >= headerBytes else { return nil }
        return .success(
            Frame(opcode: opcode, isFinal: isFinal, headerBytes: headerBytes, payloadBytes: Int(length)))
    }

    private mutating func handle(_ frame: Frame) -> Event? {
        let payload = unmasked(frame)
        start += frame.headerBytes + frame.payloadBytes
        switch frame.opcode {
        case .ping: return .ping(payload)
        case .pong: return .pong
        case .close: return close(payload)
        case .text, .binary, .continuation:
            let opcode = messageOpcode ?? frame.opcode
            message.append(contentsOf: payload)
            guard frame.isFinal else {
                messageOpcode = opcode
                return nil
            }
            let whole = message
            (message, messageOpcode) = ([], nil)
            guard opcode != .text || String(validating: whole, as: UTF8.self) != nil else {
                return fail(1007, "text is UTF-8")
            }
            return .message(whole, isText: opcode == .text)
        }
    }

    private func unmasked(_ frame: Frame) -> [UInt8] {
        let first = start + frame.headerBytes
        let mask = Array(buffer[first - 4..<first])
        var payload = Array(buffer[first..<first + frame.payloadBytes])
        for index in payload.indices { payload[index] ^= mask[index & 3] }
        return payload
    }

    private mutating func close(_ payload: [UInt8]) -> Event {
        guard payload.count != 1 else { return fail(1002, "a close frame has no or two bytes of code") }
        hasFailed = true  // nothing counts behind a close frame
        guard payload.count >= 2 else { return .close(code: 1005, reason: "") }
        let code = UInt16(payload[0]) << 8 | UInt16(payload[1])
        guard let reason = String(validating: payload[2...], as: UTF8.self) else {
            return fail(1007, "a close reason is UTF-8")
        }
        // RFC 6455 section 7.4: 1004 to 1006 and 1015 never travel, below 1000 and above 4999 mean nothing.
        guard (1000...4999).contains(code), !(1004...1006).contains(code), !(1015...2999).contains(code) else {
            return fail(1002, "close code \(code) means nothing")
        }
        return .close(code: code, reason: reason)
    }
}
