internal import COpenSSL

/// The SHA-256 digest, by which signed requests name their body.
///
/// - Source: FIPS 180-4.
public enum SHA256Digest {
    /// The digest in hexadecimal digits.
    public static func hexadecimal(_ bytes: [UInt8]) -> String {
        var digest = [UInt8](repeating: 0, count: 32)
        guard unsafe td_sha256(bytes, bytes.count, &digest) == 1 else { return "" }
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
