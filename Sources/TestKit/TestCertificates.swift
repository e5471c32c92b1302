internal import Foundation
internal import Synchronization

/// Certificates for one test, made by the `openssl` command: an authority, and servers it does and does not vouch for.
public final class TestCertificates: Sendable {
    /// A server's certificate and key, as paths of PEM files.
    public struct Server: Sendable {
        public let certificate: String
        public let key: String

        public init(certificate: String, key: String) {
            self.certificate = certificate
            self.key = key
        }
    }

    private let folder = TemporaryFolder()
    /// Certificates made so far; also keeps two from being made at once.
    private let made = Mutex(0)
    /// PEM file of the authority.
    public var authority: String { folder.path + "/authority.pem" }

    /// - Throws: where `openssl` is missing or fails.
    public init() throws {
        try openssl(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=authority"
                + " -keyout authority.key -out authority.pem")
    }

    /// A certificate for 127.0.0.1 and localhost, signed by the authority.
    public func trusted() throws -> Server { try signed("IP:127.0.0.1,DNS:localhost", days: 2) }

    /// One for another name.
    public func misnamed() throws -> Server { try signed("DNS:elsewhere.example", days: 2) }

    /// One that nobody vouches for.
    public func selfSigned() throws -> Server {
        try made.withLock { made in
            made += 1
            let name = "self\(made)"
            try openssl(
                "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"
                    + " -addext subjectAltName=IP:127.0.0.1,DNS:localhost -keyout \(name).key -out \(name).pem")
            return server(name)
        }
    }

    /// One that was valid for a day of the past.
    public func expired() throws -> Server { try signed("IP:127.0.0.1,DNS:localhost", days: -1) }

    private func signed(_ names: String, days: Int) throws -> Server {
        try made.withLock { made in
            made += 1
            let name = "signed\(made)"
            try openssl(
                "req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=\(name)"
                    + " -keyout \(name).key -out \(name).csr")
            try Data("subjectAltName=\(names)\n".utf8).write(to: folder.url.appending(path: "\(name).ext"))
            try openssl(
                "x509 -req -in \(name).csr -CA authority.pem -CAkey authority.key -CAcreateserial -days \(days)"
                    + " -extfile \(name).ext -out \(name).pem")
            return server(name)
        }
    }

    private func server(_ name: String) -> Server {
        Server(certificate: "\(folder.path)/\(name).pem", key: "\(folder.path)/\(name).key")
    }

    private func openssl(_ arguments: String) throws {
        let process = Process()
        let errors = Pipe()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["openssl"] + arguments.split(separator: " ").map(String.init)
        process.currentDirectoryURL = folder.url
        process.standardError = errors
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        let text = errors.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw CocoaError(
                .executableLoad, userInfo: [NSLocalizedDescriptionKey: String(decoding: text, as: UTF8.self)])
        }
    }
}
