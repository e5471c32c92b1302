internal import CWebSockets

/// The server's side of the opening handshake (RFC 6455 section 4.2).
enum WebSocketHandshake {
    /// Whether a request wants to become a WebSocket.
    static func isRequested(by request: HTTPRequest) -> Bool {
        request.headers.list("Upgrade", contains: "websocket")
            && request.headers.list("Connection", contains: "upgrade")
    }

    /// The answer that completes or refuses the upgrade.
    static func answer(to request: HTTPRequest) -> Result<[UInt8], WebSocketRefusal> {
        guard request.method == .get else {
            return .failure(
                WebSocketRefusal(.error(405, code: "method", "WebSockets open with GET", headers: ["Allow": "GET"])))
        }
        guard request.headers["Sec-WebSocket-Version"] == "13" else {
            return .failure(
                WebSocketRefusal(
                    .error(
                        426, code: "version", "WebSocket version 13 is spoken here",
                        headers: ["Sec-WebSocket-Version": "13"])))
        }
        guard let key = request.headers["Sec-WebSocket-Key"], key.utf8.count == 24 else {
            return .failure(WebSocketRefusal(.error(400, code: "key", "Sec-WebSocket-Key is 16 bytes in base64")))
        }
        let text = """
            HTTP/1.1 101 Switching Protocols\r
            Upgrade: websocket\r
            Connection: Upgrade\r
            Sec-WebSocket-Accept: \(acceptance(of: key))\r
            \r

            """
        return .success(Array(text.utf8))
    }

    /// Base64 of the SHA-1 of key and protocol constant.
    static func acceptance(of key: String) -> String {
        let input = Array((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8)
        var digest = [UInt8](repeating: 0, count: 20)
        unsafe input.withUnsafeBufferPointer { input in
            unsafe digest.withUnsafeMutableBufferPointer { digest in
                _ = unsafe lws_SHA1(input.baseAddress, input.count, digest.baseAddress)
            }
        }
        return base64(digest)
    }

    private static func base64(_ bytes: [UInt8]) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        var text: [UInt8] = []
        for first in stride(from: 0, to: bytes.count, by: 3) {
            let group = (0..<3).map { first + $0 < bytes.count ? UInt32(bytes[first + $0]) : 0 }
            let bits = group[0] << 16 | group[1] << 8 | group[2]
            for place in 0..<4 {
                let isPadding = first + place > bytes.count
                text.append(isPadding ? UInt8(ascii: "=") : alphabet[Int(bits >> UInt32(18 - 6 * place) & 63)])
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}

/// Why an upgrade is refused.
struct WebSocketRefusal: Error {
    let response: HTTPResponse
    init(_ response: HTTPResponse) { self.response = response }
}
