import Glibc
import Networking
import Platform
import Synchronization
import TestKit
import Testing

/// Notes which threads call it.
private final class ThreadRecorder: WebSocketClientDelegate {
    struct Seen: Sendable {
        var threads: Set<UInt> = []
        var messages = 0
        var ends = 0
    }
    let seen: Mutex<Seen>

    init() { seen = Mutex(Seen()) }

    func opened() {}
    func ticked() {}
    func received(_ message: RawSpan, isText: Bool, at time: Timestamp) {
        seen.withLock {
            $0.threads.insert(UInt(pthread_self()))
            $0.messages += 1
        }
    }
    func ended(_ end: WebSocketEnd) { seen.withLock { $0.ends += 1 } }

    func wait(_ holds: (Seen) -> Bool) -> Bool {
        let watch = Stopwatch()
        while watch.seconds < 30 {
            if holds(seen.withLock { $0 }) { return true }
            Pause.wait(ns: 5_000_000)
        }
        return false
    }
}

@Suite struct ClientLoopTests {
    @Test func `fifty connections share a thread, and each ends by itself`() throws {
        let peer = try PythonPeer("misbehaving_websocket.py")
        let recorder = ThreadRecorder()
        let url = try WebSocketURL("ws://127.0.0.1:\(peer.port())/echo")
        var clients = try (0..<50).map { _ in try WebSocketClient(url, delegate: recorder) }
        for (number, client) in clients.enumerated() { client.send("\(number)") }
        #expect(recorder.wait { $0.messages == 50 })
        for client in clients.prefix(25) { client.close() }
        for client in clients.prefix(25) { client.join() }
        #expect(recorder.seen.withLock { $0.ends } == 25)
        for client in clients.suffix(25) { client.send("again") }
        #expect(recorder.wait { $0.messages == 75 })
        // Nobody holds them any more: they end too.
        clients = []
        #expect(recorder.wait { $0.ends == 50 })
        #expect(recorder.seen.withLock { $0.threads.count } == 1)
    }

    @Test func `a name is resolved, and each of its addresses is tried`() throws {
        // The peer listens on IPv4 only, where localhost may come first as an IPv6 address.
        let peer = try PythonPeer("misbehaving_websocket.py")
        let recorder = ThreadRecorder()
        let client = try WebSocketClient(WebSocketURL("ws://localhost:\(peer.port())/echo"), delegate: recorder)
        client.send("hello")
        #expect(recorder.wait { $0.messages == 1 })
        client.close()
        client.join()
    }

    @Test func `a host that is not known ends the attempt, not the others`() throws {
        let peer = try PythonPeer("misbehaving_websocket.py")
        let (good, bad) = (ThreadRecorder(), ThreadRecorder())
        let client = try WebSocketClient(WebSocketURL("ws://127.0.0.1:\(peer.port())/echo"), delegate: good)
        let lost = try WebSocketClient(WebSocketURL("ws://no-such-host.invalid/"), delegate: bad)
        #expect(bad.wait { $0.ends == 1 })
        lost.join()
        client.send("still here")
        #expect(good.wait { $0.messages == 1 })
        client.close()
        client.join()
    }
}
