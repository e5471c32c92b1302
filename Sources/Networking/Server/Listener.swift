internal import CWebSockets
internal import Glibc

/// Where a server listens, checked.
struct Listener {
    /// Numeric address.
    private let host: String
    private let options: HTTPServer.Options

    /// - Throws: `NetworkError` where the options do not fit together or the address is not free.
    init(_ options: HTTPServer.Options) throws(NetworkError) {
        self.options = options
        host = options.host == "localhost" ? "127.0.0.1" : options.host
        guard NetworkAddress.isNumeric(host) else {
            throw refuse("listen on a numeric address or localhost, not on \"\(options.host)\"")
        }
        guard options.allowRemote || NetworkAddress.isLoopback(host) else {
            throw refuse("other machines can reach \(host): allow that explicitly, behind TLS and authentication")
        }
        guard (0...65_535).contains(options.port) else { throw refuse("port \(options.port) is not in 0…65535") }
        guard (options.certificatePath == nil) == (options.privateKeyPath == nil) else {
            throw refuse("TLS needs both a certificate and a private key")
        }
        for path in [options.certificatePath, options.privateKeyPath] {
            guard let path else { continue }
            guard unsafe access(path, R_OK) == 0 else { throw refuse("cannot read \(path): \(Self.reason(errno))") }
        }
        let problem = NetworkAddress.bindError(host, port: options.port)
        guard problem == 0 else {
            let advice =
                problem == EADDRINUSE ? "another program listens there; choose another port" : Self.reason(problem)
            throw NetworkError(.listen, advice, operation: address)
        }
    }

    /// `host:port` for messages.
    var address: String { NetworkAddress.isIPv6(host) ? "[\(host)]:\(options.port)" : "\(host):\(options.port)" }

    /// What the library calls an interface: an address, or nil for all.
    var interface: String? { host == "0.0.0.0" || host == "::" ? nil : host }

    /// Texts: interface, certificate, key, role, protocol, ALPN.
    func configure(_ info: inout lws_context_creation_info, _ texts: [UnsafeMutablePointer<CChar>?]) {
        unsafe info.port = Int32(options.port)
        unsafe info.iface = UnsafePointer(texts[0])
        unsafe info.options |= td_lws_options_raw_listener() | td_lws_option_no_system_authorities()
        if !NetworkAddress.isIPv6(host) { unsafe info.options |= td_lws_option_no_ipv6() }
        unsafe info.ssl_cert_filepath = UnsafePointer(texts[1])
        unsafe info.ssl_private_key_filepath = UnsafePointer(texts[2])
        unsafe info.listen_accept_role = UnsafePointer(texts[3])
        unsafe info.listen_accept_protocol = UnsafePointer(texts[4])
        // Otherwise the library would agree on HTTP/2 with every client that can, and take the connection from us.
        unsafe info.alpn = UnsafePointer(texts[5])
    }

    private func refuse(_ message: String) -> NetworkError {
        NetworkError(.configuration, message, operation: address)
    }

    private static func reason(_ code: Int32) -> String {
        guard let text = unsafe strerror(code) else { return "error \(code)" }
        return unsafe String(cString: text)
    }
}
