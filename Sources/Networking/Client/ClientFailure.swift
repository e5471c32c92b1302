internal import CWebSockets

/// Explains why a connection did not come up.
enum ClientFailure {
    /// - Parameters:
    ///   - text: what the library says.
    ///   - status: the server's answer to the upgrade; 0 without one.
    ///   - certificateProblem: why its certificate is not trusted, where that is so.
    static func error(_ text: String, status: Int, certificateProblem: String?, url: WebSocketURL) -> NetworkError {
        if status != 0 && status != 101 {
            let reason = HTTPResponse.reason(status)
            return NetworkError(
                .refused, "the server answered \(status) \(reason) instead of a WebSocket", operation: "\(url)",
                status: status)
        }
        if let certificateProblem {
            return NetworkError(
                .certificate, "the server's certificate is not trusted: \(certificateProblem)", operation: "\(url)")
        }
        let detail = text.isEmpty ? "cannot connect" : "cannot connect: \(text.filter { !$0.isNewline })"
        return NetworkError(.connection, detail, operation: "\(url)")
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
