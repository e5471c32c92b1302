internal import Glibc

/// Questions about addresses, answered without asking a name server.
enum NetworkAddress {
    /// True for `localhost`, 127.0.0.0/8 and ::1.
    static func isLoopback(_ host: String) -> Bool {
        if host == "localhost" || host == "::1" { return true }
        return isIPv4(host) && host.hasPrefix("127.")
    }

    static func isNumeric(_ host: String) -> Bool { isIPv4(host) || isIPv6(host) }

    static func isIPv4(_ host: String) -> Bool {
        var address = in_addr()
        return unsafe inet_pton(AF_INET, host, &address) == 1
    }

    static func isIPv6(_ host: String) -> Bool {
        var address = in6_addr()
        return unsafe inet_pton(AF_INET6, host, &address) == 1
    }

    /// Tries to bind, so that a failure has a reason: the library only says that it failed.
    ///
    /// - Returns: an errno value; 0 where the address can be listened on.
    static func bindError(_ host: String, port: Int) -> Int32 {
        let family = isIPv6(host) ? AF_INET6 : AF_INET
        let socket = socket(family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard socket >= 0 else { return errno }
        defer { close(socket) }
        var on: Int32 = 1
        _ = unsafe setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
        let status: Int32
        if family == AF_INET6 {
            var address = sockaddr_in6()
            address.sin6_family = sa_family_t(AF_INET6)
            address.sin6_port = in_port_t(port).bigEndian
            _ = unsafe inet_pton(AF_INET6, host, &address.sin6_addr)
            status = unsafe withUnsafePointer(to: &address) { pointer in
                unsafe bind(
                    socket, UnsafeRawPointer(pointer).assumingMemoryBound(to: sockaddr.self),
                    socklen_t(MemoryLayout<sockaddr_in6>.size))
            }
        } else {
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = in_port_t(port).bigEndian
            _ = unsafe inet_pton(AF_INET, host, &address.sin_addr)
            status = unsafe withUnsafePointer(to: &address) { pointer in
                unsafe bind(
                    socket, UnsafeRawPointer(pointer).assumingMemoryBound(to: sockaddr.self),
                    socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        if status != 0 { return errno }
        // A socket can be bound where another one listens; listening is what fails then.
        return listen(socket, 1) == 0 ? 0 : errno
    }
}
