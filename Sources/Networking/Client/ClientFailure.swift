internal import CWebSockets

/// Explains why a connection did not come up.
enum ClientFailure {
    /// - Parameters:
    ///   - text: what the library says.
    ///   - status: the server's answer to the upgrade; 0 without one.
    static func error(_ text: String, status: Int, url: WebSocketURL) -> NetworkError {
        if status != 0 && status != 101 {
            let reason = HTTPResponse.reason(status)
            return NetworkError(
                .refused, "the server answered \(status) \(reason) instead of a WebSocket", operation: "\(url)",
                status: status)
        }
        if text.contains("X509_V_ERR") || text.contains("cert") {
            let number = text.split(separator: "X509_V_ERR = ").dropFirst().first
                .flatMap { Int($0.prefix { $0.isNumber }) }
            return NetworkError(
                .certificate, "the server's certificate is not trusted: \(certificateProblem(number))",
                operation: "\(url)")
        }
        let detail = text.isEmpty ? "cannot connect" : "cannot connect: \(text.filter { !$0.isNewline })"
        return NetworkError(.connection, detail, operation: "\(url)")
    }

    /// - Source: OpenSSL manual, X509_STORE_CTX_get_error.
    private static func certificateProblem(_ number: Int?) -> String {
        switch number {
        case 9: "it is not valid yet"
        case 10: "it has expired"
        case 18: "it is self-signed"
        case 19: "its authority is not among the trusted ones"
        case 20, 21: "its issuer is not among the trusted ones"
        case 23: "it was revoked"
        case 62, 64: "it was issued for another name"
        case let number?: "verification error \(number)"
        case nil: "verification failed"
        }
    }
}

/// Flags of a client connection.
enum ClientFlags {
    static func connection(isSecure: Bool, verifies: Bool) -> Int32 {
        // A redirect would take the key in the URL elsewhere.
        var flags = LCCSCF_HTTP_NO_FOLLOW_REDIRECT.rawValue
        if isSecure { flags |= LCCSCF_USE_SSL.rawValue }
        if !verifies {
            flags |= LCCSCF_ALLOW_SELFSIGNED.rawValue | LCCSCF_SKIP_SERVER_CERT_HOSTNAME_CHECK.rawValue
            flags |= LCCSCF_ALLOW_EXPIRED.rawValue | LCCSCF_ALLOW_INSECURE.rawValue
        }
        return Int32(bitPattern: flags)
    }
}
