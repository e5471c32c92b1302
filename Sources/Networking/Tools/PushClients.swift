internal import Glibc
package import Platform
internal import Synchronization

/// Clients that send requests and wait for each answer, one connection and one thread each. For benchmarks.
package enum PushClients {
    /// What one client sends.
    package protocol Sender: AnyObject {
        /// The next request, head included; nil at the end. Valid until it is asked again.
        func next() -> Column<UInt8>?
    }

    /// What all clients met with.
    package struct Report: Sendable {
        /// Requests answered with 202.
        package var accepted: Int64 = 0
        /// Requests answered with 429, which were sent again.
        package var busy: Int64 = 0
        /// From sending the first byte of a request until its answer was read.
        package var latency = LatencyHistogram()
    }

    /// Sends everything and waits for the last answer.
    ///
    /// - Throws: `NetworkError` where a connection fails, or an answer has another status.
    package static func run(port: Int, _ senders: [@Sendable () -> any Sender]) throws(NetworkError) -> Report {
        let reports = Mutex<[Result<Report, NetworkError>]>([])
        let threads = senders.enumerated().map { index, make in
            NamedThread("client-\(index)") {
                let result = Result { () throws(NetworkError) in try send(port: port, make()) }
                reports.withLock { $0.append(result) }
            }
        }
        for thread in threads { thread.join() }
        var total = Report()
        for result in reports.withLock({ $0 }) {
            let report = try result.get()
            total.accepted += report.accepted
            total.busy += report.busy
            total.latency.add(report.latency)
        }
        return total
    }

    private static func send(port: Int, _ sender: any Sender) throws(NetworkError) -> Report {
        let connection = try PushConnection(port: port)
        var report = Report()
        while let request = sender.next() {
            let startNs = Stopwatch.monotonicNs()
            while true {
                let status = try connection.ask(request)
                if status == 202 { break }
                guard status == 429 else {
                    throw NetworkError(.connection, "a request was answered with \(status)", operation: "bench")
                }
                report.busy += 1
                Pause.wait(ns: 1_000_000)
            }
            report.accepted += 1
            report.latency.record(ns: Stopwatch.monotonicNs() - startNs)
        }
        return report
    }
}

/// A blocking connection that sends requests and reads short answers.
@safe
private final class PushConnection {
    private let socket: Int32
    private let answer = UnsafeMutableRawBufferPointer.allocate(byteCount: 16 << 10, alignment: 16)

    init(port: Int) throws(NetworkError) {
        socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        _ = unsafe inet_pton(AF_INET, "127.0.0.1", &address.sin_addr)
        let socket = socket
        let status = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe connect(
                socket, UnsafeRawPointer(pointer).assumingMemoryBound(to: sockaddr.self),
                socklen_t(MemoryLayout<sockaddr_in>.size))
        }
        guard status == 0 else {
            throw NetworkError(.connection, "a client was not accepted", operation: "127.0.0.1:\(port)")
        }
    }

    deinit {
        close(socket)
        unsafe answer.deallocate()
    }

    /// The status of the answer to a request. Answers have a body of at most a few KiB, and `Content-Length` last but
    /// two of their fields, as this program's server writes them.
    func ask(_ request: Column<UInt8>) throws(NetworkError) -> Int {
        var sent = 0
        while sent < request.count {
            let count = unsafe Glibc.send(
                socket, request.pointer + sent, request.count - sent, Int32(MSG_NOSIGNAL))
            guard count > 0 else { throw lost }
            sent += count
        }
        var got = 0
        while true {
            let count = unsafe recv(socket, answer.baseAddress! + got, answer.count - got, 0)
            guard count > 0 else { throw lost }
            got += count
            let text = unsafe String(decoding: answer[..<got], as: UTF8.self)
            guard let end = text.firstRange(of: "\r\n\r\n") else { continue }
            let lengthMark = "Content-Length: "
            guard let mark = text.firstRange(of: lengthMark),
                let length = Int(text[mark.upperBound...].prefix { $0.isASCII && $0.isNumber }),
                text[end.upperBound...].utf8.count >= length
            else { continue }
            return Int(text.dropFirst(9).prefix(3)) ?? 0
        }
    }

    private var lost: NetworkError { NetworkError(.connection, "a client lost its connection", operation: "bench") }
}
