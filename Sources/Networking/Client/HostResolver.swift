internal import Glibc
internal import Platform

/// Finds the addresses of a host without keeping anyone waiting: the system's resolver may take many seconds.
enum HostResolver {
    /// Calls `body` with numeric addresses in the system's order of preference, at least one, or with an error: at once
    /// where the host is an address itself, otherwise on a thread of its own.
    static func find(
        _ url: WebSocketURL, _ body: @escaping @Sendable (Result<[String], NetworkError>) -> Void
    ) {
        let host = url.host
        if case .success(let addresses) = lookUp(host, flags: AI_NUMERICHOST) { return body(.success(addresses)) }
        _ = NamedThread("resolve") {
            body(
                lookUp(host, flags: AI_ADDRCONFIG).mapError { failure in
                    NetworkError(.connection, "cannot find the host: \(failure.reason)", operation: "\(url)")
                })
        }
    }

    private struct Failure: Error { let reason: String }

    private static func lookUp(_ host: String, flags: Int32) -> Result<[String], Failure> {
        var hints = unsafe addrinfo()
        unsafe hints.ai_flags = flags
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let code = unsafe getaddrinfo(host, nil, &hints, &list)
        guard code == 0 else { return .failure(Failure(reason: unsafe String(cString: gai_strerror(code)))) }
        defer { unsafe freeaddrinfo(list) }
        var addresses: [String] = []
        var next = unsafe list
        while let entry = unsafe next {
            var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
            let code = unsafe getnameinfo(
                entry.pointee.ai_addr, entry.pointee.ai_addrlen, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST)
            if code == 0 {
                addresses.append(String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self))
            }
            unsafe next = entry.pointee.ai_next
        }
        return addresses.isEmpty ? .failure(Failure(reason: "it has no address")) : .success(addresses)
    }
}
