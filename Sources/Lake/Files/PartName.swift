/// The name of a data file: who wrote it, and the offsets it covers.
struct PartName {
    /// How the file came to be.
    enum Kind: String {
        /// Rows of a pipeline, from memory.
        case flushed = "part"
        /// Rows of other files. Only vacuum removes what no commit names: whoever makes such files may be any program.
        case compacted = "compact"
    }

    let kind: Kind
    let writer: String
    let firstOffset: Int64
    let lastOffset: Int64
    let isTemporary: Bool
    private let unique: String

    init(_ kind: Kind = .flushed, writer: String, firstOffset: Int64, lastOffset: Int64) {
        self.kind = kind
        self.writer = writer
        self.firstOffset = firstOffset
        self.lastOffset = lastOffset
        isTemporary = false
        unique = Self.unique()
    }

    /// Letters and digits that tell names apart.
    static func unique() -> String { String(UInt32.random(in: .min ... .max), radix: 16) }

    /// `part-<writer>-<first>-<last>-<unique>.zstd.parquet`
    var final: String { "\(kind.rawValue)-\(writer)-\(firstOffset)-\(lastOffset)-\(unique).zstd.parquet" }
    var temporary: String { "." + final + ".tmp" }

    /// Reads such a name; nil for all others.
    init?(_ name: String) {
        var text = Substring(name)
        isTemporary = text.hasPrefix(".") && text.hasSuffix(".tmp")
        if isTemporary { text = text.dropFirst().dropLast(4) }
        guard text.hasSuffix(".zstd.parquet") else { return nil }
        let parts = text.dropLast(13).split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 5, let kind = Kind(rawValue: String(parts[0])), let first = Int64(parts[2]),
            let last = Int64(parts[3])
        else {
            return nil
        }
        self.kind = kind
        writer = String(parts[1])
        firstOffset = first
        lastOffset = last
        unique = String(parts[4])
    }

    /// The name at the end of a path or URL; nil for files of others.
    init?(path: String) {
        guard let name = path.split(separator: "/").last else { return nil }
        self.init(String(name))
    }

    /// Whether the file may have rows with offsets from `first` to `last`, both included.
    func mayHold(from first: Int64, to last: Int64) -> Bool { lastOffset >= first && firstOffset <= last }

    /// A pipeline's name as it stands in file names: small letters and digits, others as `_`, told apart by a checksum.
    static func writer(of pipeline: String) -> String {
        let plain = pipeline.lowercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" }
        let text = String(plain)
        return text == pipeline
            ? text : text + "_" + String(pipeline.utf8.reduce(UInt32(5381)) { $0 &* 33 &+ UInt32($1) }, radix: 16)
    }
}
