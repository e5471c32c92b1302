internal import Platform

/// Where the log says which rows of a data file do not count.
///
/// - Source: Delta transaction log protocol, "Deletion Vectors".
public struct DeletionVectorReference: Codable, Sendable, Equatable {
    /// `u` for a file of the table that a UUID names, `p` for one with a path, `i` where the rows are here.
    public var storageType: String
    /// The UUID, the path, or the rows.
    public var pathOrInlineDv: String
    /// Where the rows begin in the file, in bytes.
    public var offset: Int64?
    /// Bytes of the rows, before they were made text.
    public var sizeInBytes: Int64
    /// Rows that do not count.
    public var cardinality: Int64

    /// What tells a file with these rows from the same file with others.
    var id: String { storageType + pathOrInlineDv + (offset.map { "@\($0)" } ?? "") }
}

/// The rows of a data file that do not count.
struct DeletionVector {
    /// Numbers of the rows, from 0, rising.
    let rows: [Int64]

    /// Reads what a table's log refers to.
    ///
    /// - Throws: `corrupt` where it is not what the log says; `unsupported` where it is outside of the table.
    init(_ reference: DeletionVectorReference, of table: any LakePlace) throws(LakeError) {
        let stored: [UInt8]?
        var source = table.url
        if reference.storageType == "i" {
            stored = Base85.decode(reference.pathOrInlineDv)?.prefix(Int(clamping: reference.sizeInBytes)).map(\.self)
        } else {
            let path = try Self.path(reference, table)
            source = table.location(path)
            stored = try Self.stored(reference, try table.read(path))
        }
        let bitmap = stored.flatMap { RoaringBitmapArray($0, countMax: reference.cardinality) }
        guard let bitmap, bitmap.values.count == reference.cardinality else {
            throw LakeError(.corrupt, "a deletion vector is not what the log says", operation: source)
        }
        rows = bitmap.values
    }

    /// The path of its file, relative to the table.
    ///
    /// - Throws: `unsupported` where it is elsewhere, or in no file.
    static func path(
        _ reference: DeletionVectorReference, _ table: any LakePlace
    ) throws(LakeError) -> String {
        var path: String?
        switch reference.storageType {
        case "u":
            let text = reference.pathOrInlineDv
            if let id = Base85.decode(String(text.suffix(20))), id.count == 16 {
                let digits = id.map { String(UInt16($0) + 0x100, radix: 16).suffix(2) }
                let parts = [0..<4, 4..<6, 6..<8, 8..<10, 10..<16].map { digits[$0].joined() }
                let prefix = text.dropLast(20)
                path = (prefix.isEmpty ? "" : prefix + "/") + "deletion_vector_\(parts.joined(separator: "-")).bin"
            }
        case "p":
            let start = table.url + "/"
            let absolute = PathText.local(PathText.decode(reference.pathOrInlineDv))
            if absolute.hasPrefix(start) { path = String(absolute.dropFirst(start.count)) }
        default: break
        }
        guard let path, !path.split(separator: "/").contains("..") else {
            throw LakeError(
                .unsupported, "a deletion vector is kept outside of the table: \(reference.pathOrInlineDv)",
                operation: table.url)
        }
        return path
    }

    /// The bytes of a vector in a file: their count, they themselves, and a checksum; nil where they are not whole.
    private static func stored(_ reference: DeletionVectorReference, _ file: [UInt8]?) throws(LakeError) -> [UInt8]? {
        guard let file else { return nil }
        let start = Int(clamping: reference.offset ?? 1), count = Int(clamping: reference.sizeInBytes)
        guard file.first == 1, start >= 1, count >= 0, count <= file.count, start <= file.count - count - 8 else {
            return nil
        }
        func number(_ place: Int) -> UInt32 { file[place..<place + 4].reduce(0) { $0 << 8 | UInt32($1) } }
        let bytes = Array(file[start + 4..<start + 4 + count])
        let sum = unsafe bytes.withUnsafeBytes { unsafe CRC32.of($0) }
        guard number(start) == UInt32(count), number(start + 4 + count) == sum else { return nil }
        return bytes
    }
}
