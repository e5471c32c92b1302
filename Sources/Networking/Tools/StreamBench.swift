internal import Glibc
internal import Platform
internal import Synchronization

/// Measures how fast the server fans messages out to WebSocket clients on loopback.
public enum StreamBench {
    /// What was measured.
    public struct Result: Sendable {
        public var clients = 0
        /// Messages received by all clients together.
        public var messages: Int64 = 0
        public var bytes: Int64 = 0
        public var seconds: Double = 0
        /// User and system time of the process: server, sender and the receiving side together.
        public var cpuSeconds: Double = 0

        public var messagesPerSecond: Double { Double(messages) / seconds }

        /// One JSON object.
        public var json: String {
            "{\"clients\":\(clients),\"messages\":\(messages),\"bytes\":\(bytes),"
                + "\"seconds\":\(JSONText.number(seconds)),\"cpu_seconds\":\(JSONText.number(cpuSeconds)),"
                + "\"messages_per_second\":\(JSONText.number(messagesPerSecond.rounded()))}"
        }
    }

    /// Sends `messages` texts of `messageBytes`, each to every one of `clients`, as fast as the slowest takes them.
    ///
    /// - Parameter batch: messages handed over with one wake-up.
    /// - Throws: `NetworkError` where a client cannot connect or loses its connection.
    public static func fanOut(
        clients: Int = 100, messages: Int = 50_000, messageBytes: Int = 150, batch: Int = 20
    ) throws(NetworkError) -> Result {
        let handler = Collector()
        var options = HTTPServer.Options()
        options.port = 0
        options.maxConnections = clients + 1
        let server = try HTTPServer(options: options, webSockets: ["/stream": handler]) { _, responder in
            responder.respond(.error(404, code: "not_found", "nothing"))
        }
        defer { server.stop() }
        var receivers = try BenchReceivers(count: clients, port: server.port)
        while handler.connections.count < clients { usleep(1000) }
        let connections = handler.connections
        let text = [UInt8](repeating: UInt8(ascii: "x"), count: messageBytes)
        let expectedBytes = Int64(clients * messages * WebSocketFrames(text: text).byteCount)
        let done = Atomic(false)
        let cpuNs = Stopwatch.processCPUNs()
        let watch = Stopwatch()
        let sender = NamedThread("bench-sender") {
            var rest = messages
            while rest > 0 && !done.load(ordering: .relaxed) {
                let count = min(batch, rest)
                let shared = (0..<count).map { _ in WebSocketFrames(text: text) }
                var pending = connections.flatMap { connection in shared.map { (connection: connection, frames: $0) } }
                while !pending.isEmpty && !done.load(ordering: .relaxed) {
                    let refused = server.sendAll(pending)
                    pending = refused.map { pending[$0.index] }
                    if !pending.isEmpty { usleep(100) }
                }
                rest -= count
            }
        }
        defer {
            done.store(true, ordering: .relaxed)
            sender.join()
        }
        try receivers.drain(expectedBytes)
        return Result(
            clients: clients, messages: Int64(clients * messages), bytes: expectedBytes, seconds: watch.seconds,
            cpuSeconds: Double(Stopwatch.processCPUNs() - cpuNs) / 1e9)
    }
}

/// Remembers who connected.
private final class Collector: WebSocketHandler {
    private let all = Mutex<[WebSocketConnection]>([])
    var connections: [WebSocketConnection] { all.withLock { $0 } }

    func opened(_ connection: WebSocketConnection, request: HTTPRequest) { all.withLock { $0.append(connection) } }
    func received(_ message: RawSpan, isText: Bool, from connection: WebSocketConnection) {}
    func closed(_ connection: WebSocketConnection, code: UInt16, reason: String) {}
}

/// Upgraded sockets whose bytes are counted and dropped: the cheapest clients there are.
private struct BenchReceivers: ~Copyable {
    private var polls: [pollfd] = []

    init(count: Int, port: Int) throws(NetworkError) {
        for _ in 0..<count { polls.append(pollfd(fd: try Self.open(port), events: Int16(POLLIN), revents: 0)) }
    }

    deinit { for poll in polls { close(poll.fd) } }

    private static func open(_ port: Int) throws(NetworkError) -> Int32 {
        let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        _ = unsafe inet_pton(AF_INET, "127.0.0.1", &address.sin_addr)
        let status = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe connect(
                socket, UnsafeRawPointer(pointer).assumingMemoryBound(to: sockaddr.self),
                socklen_t(MemoryLayout<sockaddr_in>.size))
        }
        let request = Array(
            ("GET /stream HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n").utf8)
        let sent = unsafe request.withUnsafeBytes { unsafe write(socket, $0.baseAddress, $0.count) }
        var answer: [UInt8] = []
        var byte: UInt8 = 0
        while status == 0, sent == request.count, !answer.suffix(4).elementsEqual("\r\n\r\n".utf8),
            unsafe read(socket, &byte, 1) == 1
        {
            answer.append(byte)
        }
        guard answer.starts(with: "HTTP/1.1 101".utf8) else {
            close(socket)
            throw NetworkError(
                .connection, "a client of the benchmark was not accepted", operation: "127.0.0.1:\(port)")
        }
        return socket
    }

    /// Reads until `bytes` were received.
    mutating func drain(_ bytes: Int64) throws(NetworkError) {
        var left = bytes
        let memory = Column<UInt8>(capacity: 256 << 10)
        while left > 0 {
            guard unsafe poll(&polls, nfds_t(polls.count), 10_000) > 0 else {
                throw NetworkError(.timeout, "\(left) bytes are missing", operation: "bench")
            }
            for index in polls.indices where polls[index].revents != 0 {
                let count = unsafe read(polls[index].fd, memory.pointer, memory.capacity)
                guard count > 0 else {
                    throw NetworkError(.connection, "a client lost its connection", operation: "bench")
                }
                left -= Int64(count)
            }
        }
    }
}
