/// Keys of objects, as every store takes them: parts between slashes that a folder can have as names.
///
/// - Source: Amazon S3 User Guide, "Naming Amazon S3 objects".
public enum ObjectKey {
    /// Bytes of a key in UTF-8, as all stores take them.
    public static let bytesMax = 1024
    /// Bytes of a part between slashes.
    public static let partBytesMax = 240
    /// Begins names of files that are not objects yet.
    static let unfinished = ".tapedeck-"

    /// Why a key cannot be used; nil where it can.
    public static func objection(to key: String) -> String? {
        guard !key.isEmpty, key.utf8.count <= bytesMax else { return "a key has 1 to \(bytesMax) bytes" }
        guard key.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f }) else { return "a key has no control characters" }
        for part in key.split(separator: "/", omittingEmptySubsequences: false) {
            guard !part.isEmpty, part != ".", part != ".." else {
                return "the parts of a key are not empty, and neither `.` nor `..`"
            }
            guard part.utf8.count <= partBytesMax else {
                return "the parts of a key have at most \(partBytesMax) bytes"
            }
            guard !part.hasPrefix(unfinished) else { return "no part of a key begins with `\(unfinished)`" }
        }
        return nil
    }

    /// `text` as one part of a key: what could not stand there is written as `%2F`.
    public static func part(_ text: String) -> String {
        let isDots = text == "." || text == ".."
        var part = ""
        for scalar in text.unicodeScalars {
            let isPlain = scalar.value >= 0x20 && scalar.value != 0x7f && scalar != "/" && scalar != "%"
            if isPlain && !(isDots && scalar == ".") {
                part.unicodeScalars.append(scalar)
            } else {
                let hex = String(scalar.value, radix: 16, uppercase: true)
                part += hex.count < 2 ? "%0\(hex)" : "%\(hex)"
            }
        }
        return part.isEmpty ? "%" : part
    }

    /// Whether one key comes before another: by their bytes, as stores list them.
    static func isBefore(_ left: String, _ right: String) -> Bool { left.utf8.lexicographicallyPrecedes(right.utf8) }

    /// - Throws: `refused` where a key cannot be used.
    static func check(_ key: String, operation: String) throws(ObjectError) {
        if let objection = objection(to: key) { throw ObjectError(.refused, objection, operation: operation) }
    }
}
