internal import Networking
internal import Synchronization

/// The WebSocket side of the live stream.
final class LiveConnections: WebSocketHandler {
    private let stream: LiveStream
    private let numbers = Mutex<[UInt64: Int]>([:])

    init(_ stream: LiveStream) { self.stream = stream }

    func opened(_ connection: WebSocketConnection, request: HTTPRequest) {
        let number = stream.open(Client(connection))
        numbers.withLock { $0[connection.id] = number }
    }

    func received(_ message: RawSpan, isText: Bool, from connection: WebSocketConnection) {
        guard let number = numbers.withLock({ $0[connection.id] }) else { return }
        guard isText else { return connection.close(code: 1003, reason: "messages must be text") }
        let bytes = unsafe message.withUnsafeBytes { unsafe [UInt8]($0) }
        stream.receive(bytes, from: number)
    }

    func closed(_ connection: WebSocketConnection, code: UInt16, reason: String) {
        if let number = numbers.withLock({ $0.removeValue(forKey: connection.id) }) { stream.close(number) }
    }

    private final class Client: LiveClient {
        private let connection: WebSocketConnection
        init(_ connection: WebSocketConnection) { self.connection = connection }
        func offer(_ frames: WebSocketFrames, _ runs: [Range<Int>]) -> Int { connection.enqueue(frames, runs) }
        func flush() { connection.flush() }
    }
}
