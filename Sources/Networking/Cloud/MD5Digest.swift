internal import COpenSSL

/// The MD5 digest, which some formats of cloud services carry against damage; no protection against anybody.
///
/// - Source: RFC 1321.
public enum MD5Digest {
    /// The 16 bytes of the digest.
    public static func of(_ bytes: [UInt8]) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 16)
        guard unsafe td_md5(bytes, bytes.count, &digest) == 1 else { return [] }
        return digest
    }
}
