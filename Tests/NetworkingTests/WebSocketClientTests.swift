import Foundation
import Networking
import Platform
import TestKit
import Testing

private let sharedPeer = Result { try PythonPeer("misbehaving_websocket.py") }

/// A connection to the misbehaving peer.
private struct Attempt {
    let peer: PythonPeer
    let recorder = ClientRecorder()
    let client: WebSocketClient

    /// - Parameter peer: one of its own, where a test looks at what the peer saw.
    init(
        _ target: String, peer: PythonPeer? = nil, _ change: (inout WebSocketClient.Options) -> Void = { _ in }
    ) throws {
        self.peer = try peer ?? sharedPeer.get()
        var options = WebSocketClient.Options()
        change(&options)
        let url = try WebSocketURL("ws://127.0.0.1:\(self.peer.port())\(target)")
        client = try WebSocketClient(url, options: options, delegate: recorder)
    }
}

@Suite struct WebSocketClientTests {
    @Test func `messages of all sizes go out and come back`() throws {
        let attempt = try Attempt("/echo", peer: PythonPeer("misbehaving_websocket.py"))
        let texts = ["", "a", String(repeating: "é", count: 100), String(repeating: "x", count: 70_000)]
        for text in texts { attempt.client.send(text) }
        #expect(attempt.recorder.texts(texts.count) == texts)
        attempt.client.close()
        #expect(attempt.recorder.closing()?.code == 1000)
        attempt.client.join()
        let state = attempt.recorder.wait { _ in true }
        #expect(state.opened == 1 && state.ends == 1)
        #expect(attempt.peer.wait { $0.contains { $0.contains("\"closed\": 1000") } } != nil)
    }

    @Test func `host, headers and query reach the server as given`() throws {
        let attempt = try Attempt("/echo?token=a%20b&x=1", peer: PythonPeer("misbehaving_websocket.py")) {
            $0.headers = ["Authorization": "Bearer t", "X-Two": "2"]
        }
        attempt.recorder.wait { $0.opened == 1 }
        let line = attempt.peer.wait { $0.count >= 2 }?[1] ?? ""
        #expect(line.contains("\"authorization\": \"Bearer t\"") && line.contains("\"x-two\": \"2\""))
        #expect(line.contains("\"host\": \"127.0.0.1:\(attempt.client.url.port)\""))
        #expect(!line.contains("origin"))
        #expect(attempt.client.url.description.hasSuffix("/echo?token=***&x=***"))
    }

    @Test func `fragments become one message, and pings between them are answered`() throws {
        let fragments = try Attempt("/fragments")
        #expect(fragments.recorder.texts(1) == ["one two three"])
        let ping = try Attempt("/ping")
        #expect(ping.recorder.texts(1) == ["pong marco"])
        let trickle = try Attempt("/trickle")
        #expect(trickle.recorder.texts(1) == ["drop by drop"])
    }

    @Test func `bytes that are no JSON and no UTF-8 are handed on as they came`() throws {
        let attempt = try Attempt("/malformed")
        let messages = attempt.recorder.wait { $0.messages.count == 3 }.messages
        #expect(messages.first == Array("{not json".utf8))
        #expect(messages.dropFirst().first == [0xff, 0xfe, 0])
    }

    @Test func `messages of one read share its time, and times never fall`() throws {
        let before = Timestamp.now()
        let attempt = try Attempt("/burst?count=5000")
        let state = attempt.recorder.wait { $0.messages.count == 5000 }
        #expect(state.messages.last == Array("burst 4999".utf8))
        #expect(zip(state.times, state.times.dropFirst()).allSatisfy { $0 <= $1 })
        #expect(Set(state.times).count < 100)
        #expect((before...Timestamp.now()).contains(state.times[0]))
    }

    @Test func `a lost connection is reported once, with what arrived before it`() throws {
        let drop = try Attempt("/drop?after=3")
        #expect(drop.recorder.texts(3) == ["message 0", "message 1", "message 2"])
        #expect(drop.recorder.failure()?.code == .connection)
        let cut = try Attempt("/cut")
        #expect(cut.recorder.failure()?.code == .connection)
        #expect(cut.recorder.texts(1) == ["whole"])
        drop.client.join()
        #expect(drop.recorder.wait { _ in true }.ends == 1)
    }

    @Test func `a message over the limit ends the connection`() throws {
        let over = try Attempt("/huge?bytes=100001") { $0.maxMessageBytes = 100_000 }
        #expect(over.recorder.failure()?.code == .protocol)
        #expect(over.recorder.wait { _ in true }.messages.isEmpty)
        let within = try Attempt("/huge?bytes=3000000") { $0.maxMessageBytes = 3_000_000 }
        #expect(within.recorder.wait { $0.messages.count == 1 }.messages.first?.count == 3_000_000)
        let fragments = try Attempt("/fragments") { $0.maxMessageBytes = 12 }
        #expect(fragments.recorder.failure()?.code == .protocol)
    }

    @Test func `a peer that goes silent is noticed, one that answers pings is not`() throws {
        let limits: (inout WebSocketClient.Options) -> Void = {
            $0.pingIntervalNs = 20_000_000
            $0.silenceTimeoutNs = Int64(150_000_000 * Patience.factor)
        }
        let echo = try Attempt("/echo", peer: nil, limits)
        let silent = try Attempt("/silent", peer: nil, limits)
        let error = silent.recorder.failure()
        #expect(error?.code == .timeout && error?.message.contains("nothing heard") == true)
        #expect(echo.recorder.wait { $0.ticks > 40 }.end == nil)
    }

    @Test func `an upgrade that is never answered times out`() throws {
        let attempt = try Attempt("/mute") { $0.connectTimeoutNs = 100_000_000 }
        #expect(attempt.recorder.failure()?.code == .timeout)
        #expect(attempt.recorder.wait { _ in true }.opened == 0)
    }

    @Test(arguments: [(401, NetworkError.Disposition.stop), (403, .stop), (429, .retry), (503, .retry), (302, .retry)])
    func `a refused upgrade says the status and whether to try again`(
        _ status: Int, _ disposition: NetworkError.Disposition
    ) throws {
        let attempt = try Attempt("/status?code=\(status)&token=secret")
        let error = try #require(attempt.recorder.failure())
        #expect(error.code == .refused && error.status == status && error.disposition == disposition)
        #expect(!error.description.contains("secret") && error.description.contains("\(status)"))
    }

    @Test func `a wrong acceptance key and a close frame from the server end the connection`() throws {
        let forged = try Attempt("/badaccept")
        #expect(forged.recorder.failure()?.code == .connection)
        #expect(forged.recorder.wait { _ in true }.opened == 0)
        let attempt = try Attempt("/close?code=4002&reason=maintenance")
        let closing = attempt.recorder.closing()
        #expect(closing?.code == 4002 && closing?.reason == "maintenance")
    }

    @Test func `a port where nobody listens and a name that does not exist are reported`() throws {
        let free = try RawListener.unusedPort()
        for host in ["127.0.0.1:\(free)", "does-not-exist.invalid"] {
            let recorder = ClientRecorder()
            let client = try WebSocketClient(WebSocketURL("ws://\(host)/?token=secret"), delegate: recorder)
            let error = try #require(recorder.failure())
            #expect(error.code == .connection && !error.description.contains("secret"), "\(error)")
            client.join()
        }
    }

    @Test func `a client can be cancelled while it connects, and by letting go of it`() throws {
        let attempt = try Attempt("/mute")
        attempt.client.close()
        #expect(attempt.recorder.closing() != nil)
        let recorder = ClientRecorder()
        let peer = try sharedPeer.get()
        do {
            let client = try WebSocketClient(WebSocketURL("ws://127.0.0.1:\(peer.port())/echo"), delegate: recorder)
            recorder.wait { $0.opened == 1 }
            withExtendedLifetime(client) {}
        }
        #expect(recorder.closing() != nil)
    }

    @Test(arguments: [
        "http://a", "ws://", "ws://a:0", "ws://a:70000", "ws://user:pw@a/", "ws://a/b c", "wss:/a", "ws://a:x",
    ])
    func `a URL that is none is refused without repeating it`(_ text: String) {
        let error = #expect(throws: NetworkError.self) { try WebSocketURL(text) }
        #expect(error?.code == .configuration && error?.description.contains(text) == false)
    }

    @Test func `URLs keep what they have and hide their values`() throws {
        let url = try WebSocketURL("wss://ws.example.com?token=k3y")
        #expect(url.isSecure && url.host == "ws.example.com" && url.port == 443 && url.target == "/?token=k3y")
        #expect(url.description == "wss://ws.example.com/?token=***")
        let longer = try url.adding("a", "b&c")
        #expect(longer.target == "/?token=k3y&a=b%26c")
        let address = try WebSocketURL("ws://[::1]:99/p")
        #expect(address.host == "::1" && address.port == 99 && address.description == "ws://[::1]:99/p")
    }
}
