internal import Platform

/// One line of a Delta transaction log.
///
/// - Source: Delta transaction log protocol, "Actions".
struct DeltaAction: Codable, Sendable {
    var `protocol`: ProtocolVersions?
    var metaData: Metadata?
    var add: AddFile?
    var remove: RemoveFile?
    var txn: AppTransaction?
    var commitInfo: CommitInfo?
    /// More actions of a checkpoint, in a file of its own.
    var sidecar: Sidecar?

    struct ProtocolVersions: Codable, Sendable, Equatable {
        var minReaderVersion: Int
        var minWriterVersion: Int
        /// Named one by one from reader version 3 on.
        var readerFeatures: [String]?
        /// Named one by one from writer version 7 on.
        var writerFeatures: [String]?
    }

    struct Sidecar: Codable, Sendable {
        /// The name of a file in the folder of sidecars, or where else it is.
        var path: String
    }

    struct Metadata: Codable, Sendable, Equatable {
        struct Format: Codable, Sendable, Equatable {
            var provider: String
            var options: [String: String]?
        }
        var id: String
        var name: String?
        var description: String?
        var format: Format
        var schemaString: String
        var partitionColumns: [String]
        var configuration: [String: String]?
        var createdTime: Int64?
    }

    struct CommitInfo: Codable, Sendable {
        var timestamp: Int64?
        /// When the commit was made, as a table with times of its own has it; milliseconds since 1970.
        var inCommitTimestamp: Int64?
        var operation: String?
        var operationParameters: [String: String]?
        var isBlindAppend: Bool?
        var engineInfo: String?

        init(timestamp: Int64, operation: String, operationParameters: [String: String], isBlindAppend: Bool?) {
            self.timestamp = timestamp
            self.operation = operation
            self.operationParameters = operationParameters
            self.isBlindAppend = isBlindAppend
            engineInfo = "Tapedeck"
        }

        /// Others may write anything here; it never decides anything, and what is not understood is left out.
        init(from decoder: any Decoder) {
            let values = try? decoder.container(keyedBy: CodingKeys.self)
            timestamp = try? values?.decodeIfPresent(Int64.self, forKey: .timestamp)
            inCommitTimestamp = try? values?.decodeIfPresent(Int64.self, forKey: .inCommitTimestamp)
            operation = try? values?.decodeIfPresent(String.self, forKey: .operation)
            operationParameters = try? values?.decodeIfPresent([String: String].self, forKey: .operationParameters)
            engineInfo = try? values?.decodeIfPresent(String.self, forKey: .engineInfo)
        }
    }
}

extension DeltaAction.Metadata {
    /// Others make tables without columns first, and then do not say so.
    init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        id = try values.decode(String.self, forKey: .id)
        name = try values.decodeIfPresent(String.self, forKey: .name)
        description = try values.decodeIfPresent(String.self, forKey: .description)
        format = try values.decode(Format.self, forKey: .format)
        schemaString = try values.decodeIfPresent(String.self, forKey: .schemaString) ?? ""
        partitionColumns = try values.decodeIfPresent([String].self, forKey: .partitionColumns) ?? []
        configuration = try values.decodeIfPresent([String: String].self, forKey: .configuration)
        createdTime = try values.decodeIfPresent(Int64.self, forKey: .createdTime)
    }
}

/// A data file of a Delta table.
public struct AddFile: Codable, Sendable, Equatable {
    /// Relative to the table, percent-encoded as the protocol asks.
    public var path: String
    /// Partition column to value; null is nil.
    public var partitionValues: [String: String?]
    /// Bytes.
    public var size: Int64
    /// Milliseconds since 1970.
    public var modificationTime: Int64
    /// False where the file only rearranges rows that were there.
    public var dataChange: Bool
    /// Statistics as JSON text.
    public var stats: String?
    /// What others note of a file.
    public var tags: [String: String?]?
    /// Which of its rows do not count; nil where all do.
    public var deletionVector: DeletionVectorReference?

    /// - Parameter relativePath: relative to the table, not encoded.
    public init(
        relativePath: String, partitionValues: [String: String?], size: Int64, modificationTime: Int64,
        dataChange: Bool = true, stats: String?
    ) {
        path = PathText.encode(relativePath)
        self.partitionValues = partitionValues
        self.size = size
        self.modificationTime = modificationTime
        self.dataChange = dataChange
        self.stats = stats
    }

    /// What tells it from others of the table, and from the same file with other rows.
    var key: String { DeltaState.key(path, deletionVector) }

    /// Where the file is, relative to the table (absolute where the log says so), decoded.
    public var relativePath: String { PathText.decode(path) }
}

/// A data file that a Delta table no longer has.
public struct RemoveFile: Codable, Sendable, Equatable {
    /// As in the action that added it.
    public var path: String
    /// Milliseconds since 1970.
    public var deletionTimestamp: Int64?
    public var dataChange: Bool
    /// True where the two members below are there.
    public var extendedFileMetadata: Bool?
    /// As in the action that added it.
    public var partitionValues: [String: String?]?
    /// Bytes.
    public var size: Int64?
    /// As in the action that added it.
    public var deletionVector: DeletionVectorReference?

    public init(path: String, deletionTimestamp: Int64, dataChange: Bool) {
        self.path = path
        self.deletionTimestamp = deletionTimestamp
        self.dataChange = dataChange
    }

    var key: String { DeltaState.key(path, deletionVector) }

    /// Takes a file out, now.
    ///
    /// - Parameter dataChange: false where its rows go on in other files.
    init(_ file: AddFile, dataChange: Bool) {
        self.init(
            path: file.path, deletionTimestamp: Timestamp.now().nanoseconds / 1_000_000, dataChange: dataChange)
        extendedFileMetadata = true
        partitionValues = file.partitionValues
        size = file.size
        deletionVector = file.deletionVector
    }
}

/// How far an application has got, in the same commit as its files.
public struct AppTransaction: Codable, Sendable, Equatable {
    /// Which application.
    public var appId: String
    /// Its progress; only ever rises.
    public var version: Int64
    /// Milliseconds since 1970.
    public var lastUpdated: Int64?

    public init(appId: String, version: Int64, lastUpdated: Int64? = nil) {
        self.appId = appId
        self.version = version
        self.lastUpdated = lastUpdated
    }
}

/// Percent encoding of paths (RFC 2396, as the protocol asks).
enum PathText {
    static func encode(_ path: String) -> String {
        guard !path.utf8.allSatisfy(isPlain) else { return path }
        var bytes: [UInt8] = []
        for byte in path.utf8 {
            if isPlain(byte) {
                bytes.append(byte)
            } else {
                bytes += [UInt8(ascii: "%"), digit(byte >> 4), digit(byte & 15)]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// A path of this machine without the scheme that others write before it; all others as they are.
    static func local(_ path: String) -> String {
        path.hasPrefix("file:") ? "/" + path.dropFirst(5).drop { $0 == "/" } : path
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
        case UInt8(ascii: "/"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "~"),
            UInt8(ascii: "="):
            true
        default: false
        }
    }

    private static func digit(_ value: UInt8) -> UInt8 { value < 10 ? 0x30 + value : 0x41 + value - 10 }

    static func decode(_ text: String) -> String {
        guard text.utf8.contains(UInt8(ascii: "%")) else { return text }
        let bytes = Array(text.utf8)
        var decoded: [UInt8] = []
        var place = 0
        while place < bytes.count {
            if bytes[place] == UInt8(ascii: "%"), place + 2 < bytes.count, let high = value(bytes[place + 1]),
                let low = value(bytes[place + 2])
            {
                decoded.append(high << 4 | low)
                place += 3
            } else {
                decoded.append(bytes[place])
                place += 1
            }
        }
        return String(decoding: decoded, as: UTF8.self)
    }

    /// The value of a hexadecimal digit; nil for others.
    private static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case 0x30...0x39: digit - 0x30
        case 0x41...0x46: digit - 0x41 + 10
        case 0x61...0x66: digit - 0x61 + 10
        default: nil
        }
    }
}
