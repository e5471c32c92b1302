public import Foundation

/// A key of RSA that signs tokens, made by the `openssl` command for one test.
public final class TestSigningKey: Sendable {
    private let folder = TemporaryFolder()
    private let name: String
    private let modulus: String

    /// - Parameter name: the key's id.
    /// - Throws: where `openssl` is missing or fails.
    public init(_ name: String) throws {
        self.name = name
        try Self.openssl("genrsa -out key.pem 2048", in: folder, input: nil)
        let text = try Self.openssl("rsa -in key.pem -noout -modulus", in: folder, input: nil)
        let hex = String(decoding: text, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
            .replacingOccurrences(of: "Modulus=", with: "")
        var bytes = Data()
        var rest = Substring(hex)
        while let byte = UInt8(rest.prefix(2), radix: 16) {
            bytes.append(byte)
            rest = rest.dropFirst(2)
        }
        modulus = Self.base64URL(bytes)
    }

    /// A JSON Web Key Set with this key alone.
    public var set: String {
        #"{"keys":[{"kty":"RSA","alg":"RS256","use":"sig","kid":"\#(name)","n":"\#(modulus)","e":"AQAB"}]}"#
    }

    /// The private key as PEM text, in the form of PKCS #8.
    public func privatePEM() throws -> String {
        String(decoding: try Self.openssl("pkcs8 -topk8 -nocrypt -in key.pem", in: folder, input: nil), as: UTF8.self)
    }

    /// The same behind a passphrase.
    public func lockedPEM() throws -> String {
        String(
            decoding: try Self.openssl("pkcs8 -topk8 -in key.pem -passout pass:x", in: folder, input: nil),
            as: UTF8.self)
    }

    /// The public key as PEM text.
    public func publicPEM() throws -> String {
        String(decoding: try Self.openssl("rsa -in key.pem -pubout", in: folder, input: nil), as: UTF8.self)
    }

    /// A signed token.
    ///
    /// - Parameter id: of another key that it shall name.
    public func token(_ claims: [String: Any], named id: String? = nil) throws -> String {
        let header = Self.base64URL(Data(#"{"alg":"RS256","typ":"JWT","kid":"\#(id ?? name)"}"#.utf8))
        let body = Self.base64URL(try JSONSerialization.data(withJSONObject: claims, options: .sortedKeys))
        let signed = "\(header).\(body)"
        let signature = try Self.openssl("dgst -sha256 -sign key.pem", in: folder, input: Data(signed.utf8))
        return "\(signed).\(Self.base64URL(signature))"
    }

    /// Base 64 without padding, as tokens carry it.
    public static func base64URL(_ data: Data) -> String {
        data.base64EncodedString().replacingOccurrences(of: "+", with: "-").replacingOccurrences(of: "/", with: "_")
            .replacingOccurrences(of: "=", with: "")
    }

    @discardableResult
    private static func openssl(_ arguments: String, in folder: TemporaryFolder, input: Data?) throws -> Data {
        let process = Process()
        let (incoming, output) = (Pipe(), Pipe())
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["openssl"] + arguments.split(separator: " ").map(String.init)
        process.currentDirectoryURL = folder.url
        process.standardInput = incoming
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        if let input { incoming.fileHandleForWriting.write(input) }
        try incoming.fileHandleForWriting.close()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw CocoaError(.executableLoad) }
        return data
    }
}
