internal import Platform

/// How the lines of an object are compressed.
enum ObjectCompression: String, CaseIterable {
    case gzip, zstd, none

    /// Ends the names of objects.
    var suffix: String {
        switch self {
        case .gzip: ".ndjson.gz"
        case .zstd: ".ndjson.zst"
        case .none: ".ndjson"
        }
    }

    /// Not as the coding of a content that is something else: then some clients unpack it, and others do not.
    var mediaType: String {
        switch self {
        case .gzip: "application/gzip"
        case .zstd: "application/zstd"
        case .none: "application/x-ndjson"
        }
    }

    /// Of gzip: two thirds of the time of the usual 6 for a twentieth more bytes, of recorded trades and quotes.
    private static let gzipLevel = 4
    private static let zstdLevel = 3

    func compressed(_ lines: Column<UInt8>) -> [UInt8] {
        let bytes = unsafe UnsafeRawBufferPointer(lines.buffer)
        switch self {
        case .none: return unsafe Array(bytes)
        case .gzip: return unsafe Gzip.compress(bytes, level: Self.gzipLevel)
        case .zstd:
            let compressor = Zstd.Compressor(level: Self.zstdLevel)
            return unsafe [UInt8](unsafeUninitializedCapacity: Zstd.bound(bytes.count)) { target, count in
                guard let written = unsafe compressor.compress(bytes, into: UnsafeMutableRawBufferPointer(target))
                else {
                    preconditionFailure("there is room for all of it")
                }
                count = written
            }
        }
    }

    /// Lines as they were; nil where they are more than any object has, or damaged.
    func lines(_ content: [UInt8]) -> [UInt8]? {
        let source = MemoryStream(content)
        do throws(StreamError) {
            switch self {
            case .none: return content
            case .gzip: return try InflateStream(source, .gzip, path: "").readToEnd(limit: Self.linesMax)
            case .zstd: return try ZstdStream(source, path: "").readToEnd(limit: Self.linesMax)
            }
        } catch {
            return nil
        }
    }

    /// More than the texts of a unit become in JSON.
    private static let linesMax = 2 << 30
}
