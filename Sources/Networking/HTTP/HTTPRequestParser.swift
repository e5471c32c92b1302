/// Turns the bytes of a connection into requests: strict, bounded, no I/O.
///
/// - Source: RFC 9112. Lines must end with CRLF; folded fields, bodies without `Content-Length` and ambiguous lengths
///   are refused.
struct HTTPRequestParser {
    enum Event {
        /// More bytes are needed.
        case needsMore
        /// More bytes are needed, and the client waits for `100 Continue` before it sends them.
        case awaitsContinue
        case request(HTTPRequest)
        /// The connection must be closed behind an answer with this status.
        case rejected(status: Int, String)
    }

    let maxHeaderBytes: Int
    /// Limit of a body by the path of its request.
    private let maxBodyBytes: (String) -> Int
    /// Asked for room for the bytes of a body before they are received.
    private let takesBody: (Int) -> Bool
    static let maxFields = 100

    private var buffer: [UInt8] = []
    /// First byte not used yet.
    private var start = 0
    /// Where the search for the end of the head goes on.
    private var searched = 0
    private var head: HTTPRequestHead?

    init(maxHeaderBytes: Int, maxBodyBytes: @escaping (String) -> Int, takesBody: @escaping (Int) -> Bool) {
        self.maxHeaderBytes = maxHeaderBytes
        self.maxBodyBytes = maxBodyBytes
        self.takesBody = takesBody
    }

    /// Bytes of the body that is being received, all of them; 0 where none is.
    var expectedBodyBytes: Int { head?.contentLength ?? 0 }

    /// Bytes that were received and not used.
    var bufferedBytes: Int { buffer.count - start }
    /// True where a request has begun and is not complete.
    var isInsideRequest: Bool { head != nil || bufferedBytes > 0 }

    mutating func append(_ bytes: RawSpan) {
        if start > 0 && start == buffer.count {
            buffer.removeAll(keepingCapacity: true)
            (start, searched) = (0, 0)
        }
        unsafe bytes.withUnsafeBytes { unsafe buffer.append(contentsOf: $0) }
    }

    /// Takes everything that was not used: the bytes behind an upgrade.
    mutating func takeRest() -> [UInt8] {
        defer { (buffer, start, searched) = ([], 0, 0) }
        return Array(buffer[start...])
    }

    /// The next thing to do.
    mutating func next() -> Event {
        if head == nil {
            skipEmptyLines()
            guard let end = findHeadEnd() else {
                return bufferedBytes > maxHeaderBytes ? tooLarge() : .needsMore
            }
            guard end - start <= maxHeaderBytes else { return tooLarge() }
            switch HTTPRequestHead.parse(buffer[start..<end - 4]) {
            case .failure(let problem): return .rejected(status: problem.status, problem.message)
            case .success(let parsed):
                let limit = maxBodyBytes(parsed.path)
                guard parsed.contentLength <= limit else {
                    return .rejected(status: 413, "the body may have \(limit) bytes at most")
                }
                guard takesBody(parsed.contentLength) else {
                    return .rejected(status: 429, "too many bodies are being received; send it again soon")
                }
                consume(to: end)
                head = parsed
                if parsed.expectsContinue && bufferedBytes < parsed.contentLength { return .awaitsContinue }
            }
        }
        guard let head, bufferedBytes >= head.contentLength else { return .needsMore }
        let body = Array(buffer[start..<start + head.contentLength])
        consume(to: start + head.contentLength)
        self.head = nil
        return .request(head.request(body: body))
    }

    private func tooLarge() -> Event {
        let hasLine = buffer[start...].contains(UInt8(ascii: "\n"))
        return .rejected(
            status: hasLine ? 431 : 414,
            "request line and header fields may have \(maxHeaderBytes) bytes together")
    }

    private mutating func consume(to end: Int) {
        start = end
        searched = end
        if start > 64 << 10 {
            buffer.removeFirst(start)
            (start, searched) = (0, 0)
        }
    }

    /// Empty lines before a request line are ignored (RFC 9112 section 2.2).
    private mutating func skipEmptyLines() {
        while bufferedBytes >= 2 && buffer[start] == 13 && buffer[start + 1] == 10 { consume(to: start + 2) }
    }

    private mutating func findHeadEnd() -> Int? {
        var index = max(start, searched - 3)
        while index + 4 <= buffer.count {
            if buffer[index] == 13 && buffer[index + 1] == 10 && buffer[index + 2] == 13 && buffer[index + 3] == 10 {
                return index + 4
            }
            index += 1
        }
        searched = buffer.count
        return nil
    }
}
