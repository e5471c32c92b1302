internal import CWebSockets
internal import Glibc
internal import Platform

/// The cheapest WebSocket clients there are: many sockets read by one thread, which counts messages and takes the time
/// from a moment written inside each to its arrival. For benchmarks.
///
/// - Threading: one thread at a time.
@safe
package final class StreamReceivers: @unchecked Sendable {  // used by one thread at a time, by contract
    /// Where messages carry the moment that their time counts from.
    package struct Format: Sendable {
        /// What a message that counts begins with.
        let beginning: [UInt8]
        /// Place of the moment's first digit in the message: 19 decimal digits of nanoseconds.
        let momentAt: Int
        /// What the moment shows when the monotonic clock (`Stopwatch.monotonicNs`) shows zero.
        let epochNs: Int64

        package init(beginning: String, momentAt: Int, epochNs: Int64) {
            self.beginning = Array(beginning.utf8)
            self.momentAt = momentAt
            self.epochNs = epochNs
        }
    }

    /// What arrived since `receive` was called.
    package struct Report: Sendable {
        /// Messages that begin as the format says.
        package var messages: Int64 = 0
        /// Other messages: the stream's remarks on what was lost.
        package var others: Int64 = 0
        package var bytes: Int64 = 0
        /// Reads that brought something.
        package var reads: Int64 = 0
        package var latency = LatencyHistogram()
        /// User and system time of the receiving thread, in nanoseconds.
        package var cpuNs: Int64 = 0
        /// When the last message arrived, on the monotonic clock.
        package var lastNs: Int64 = 0
    }

    private let format: Format
    private let poll: Int32
    private var sockets: [Int32] = []
    /// What was read of each socket and is not a whole frame yet.
    private var rests: [Column<UInt8>] = []

    /// Connects one client per request, each of which is sent once and answered by one message.
    ///
    /// - Throws: `NetworkError` where a client is not accepted.
    package init(port: Int, path: String, requests: [String], format: Format) throws(NetworkError) {
        self.format = format
        poll = epoll_create1(0)
        for request in requests {
            let socket = try BenchSocket.open(port: port, path: path)
            sockets.append(socket)
            rests.append(Column(capacity: 256 << 10))
            try BenchSocket.ask(request, on: socket)
            var event = unsafe epoll_event()
            unsafe event.events = EPOLLIN.rawValue
            unsafe event.data.u32 = UInt32(sockets.count - 1)
            unsafe epoll_ctl(poll, EPOLL_CTL_ADD, socket, &event)
        }
    }

    deinit {
        for socket in sockets { close(socket) }
        close(poll)
    }

    /// Reads until `isDone` says so, which is asked after each turn with the messages so far, at least every 20 ms.
    ///
    /// - Throws: `NetworkError` where a client loses its connection.
    package func receive(
        until isDone: (_ messages: Int64) -> Bool
    ) throws(NetworkError) -> Report {
        var report = Report()
        let cpuNs = Stopwatch.threadCPUNs()
        var events = unsafe [epoll_event](repeating: epoll_event(), count: 128)
        while !isDone(report.messages) {
            let count = unsafe epoll_wait(poll, &events, Int32(events.count), 20)
            for index in 0..<Int(max(0, count)) {
                try read(Int(unsafe events[index].data.u32), into: &report)
            }
        }
        report.cpuNs = Stopwatch.threadCPUNs() - cpuNs
        return report
    }

    private func read(_ client: Int, into report: inout Report) throws(NetworkError) {
        let memory = rests[client]
        let room = memory.capacity - memory.count
        let count = unsafe Glibc.read(sockets[client], memory.pointer + memory.count, room)
        guard count > 0 else {
            throw NetworkError(.connection, "a client lost its connection", operation: "bench")
        }
        let nowNs = Stopwatch.monotonicNs()
        memory.truncateOrExtend(to: memory.count + count)
        report.bytes += Int64(count)
        report.reads += 1
        report.lastNs = nowNs
        take(memory, nowNs + format.epochNs, &report)
    }

    /// Counts the whole frames and moves the rest to the front.
    private func take(_ memory: Column<UInt8>, _ arrivalNs: Int64, _ report: inout Report) {
        let bytes = unsafe memory.pointer
        var start = 0
        while memory.count - start >= 4 {
            var length = Int(unsafe bytes[start + 1])
            var header = 2
            if length == 126 {
                length = Int(unsafe bytes[start + 2]) << 8 | Int(unsafe bytes[start + 3])
                header = 4
            }
            guard memory.count - start >= header + length else { break }
            let text = unsafe bytes + start + header
            if unsafe memcmp(text, format.beginning, format.beginning.count) == 0 {
                var moment: Int64 = 0
                for place in format.momentAt..<format.momentAt + 19 {
                    moment = moment &* 10 &+ Int64(unsafe text[place] &- UInt8(ascii: "0"))
                }
                report.latency.record(ns: arrivalNs - moment)
                report.messages += 1
            } else {
                report.others += 1
            }
            start += header + length
        }
        unsafe memmove(bytes, bytes + start, memory.count - start)
        memory.truncateOrExtend(to: memory.count - start)
    }
}

/// A blocking socket on loopback that becomes a WebSocket.
private enum BenchSocket {
    static func open(port: Int, path: String) throws(NetworkError) -> Int32 {
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
        let request =
            "GET \(path) HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        var answer: [UInt8] = []
        if status == 0, send(Array(request.utf8), on: socket) {
            while !answer.suffix(4).elementsEqual("\r\n\r\n".utf8), let byte = receive(1, on: socket) { answer += byte }
        }
        guard answer.starts(with: "HTTP/1.1 101".utf8) else {
            close(socket)
            throw NetworkError(.connection, "a client was not accepted", operation: "127.0.0.1:\(port)\(path)")
        }
        return socket
    }

    /// Sends a text masked with zeros (RFC 6455 section 5.3 leaves the mask to the client) and reads one message.
    static func ask(_ text: String, on socket: Int32) throws(NetworkError) {
        let payload = Array(text.utf8)
        precondition(payload.count < 65_536)
        let length: [UInt8] =
            payload.count < 126
            ? [0x80 | UInt8(payload.count)] : [0x80 | 126, UInt8(payload.count >> 8), UInt8(payload.count & 255)]
        guard send([0x81] + length + [0, 0, 0, 0] + payload, on: socket), let head = receive(2, on: socket),
            let size = head[1] == 126 ? receive(2, on: socket) : [0, head[1]],
            receive(Int(size[0]) << 8 | Int(size[1]), on: socket) != nil
        else { throw NetworkError(.connection, "a request was not answered", operation: "bench") }
    }

    private static func send(_ bytes: [UInt8], on socket: Int32) -> Bool {
        unsafe bytes.withUnsafeBytes { unsafe write(socket, $0.baseAddress, $0.count) } == bytes.count
    }

    private static func receive(_ count: Int, on socket: Int32) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        let got = unsafe bytes.withUnsafeMutableBytes {
            unsafe recv(socket, $0.baseAddress, $0.count, Int32(MSG_WAITALL))
        }
        return got == count ? bytes : nil
    }
}
