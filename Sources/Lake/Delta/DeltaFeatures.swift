/// What a table's protocol asks of those who read and write it.
///
/// - Source: Delta transaction log protocol, "Table Features", "Reader Version Requirements", "Writer Version Requirements".
enum DeltaFeatures {
    static let widening = "typeWidening"

    /// Features that a reader must know, and that are known here.
    private static let readable: Set<String> = [
        "columnMapping", "deletionVectors", "timestampNtz", widening, "typeWidening-preview", "v2Checkpoint",
        "vacuumProtocolCheck",
    ]

    /// Features that a writer must know, and that are heeded here; or that ask nothing where no column and no property of the table
    /// makes use of them.
    private static let writable: Set<String> = [
        "allowColumnDefaults", "appendOnly", "changeDataFeed", "checkConstraints", "columnMapping", "generatedColumns",
        "identityColumns", "inCommitTimestamp", "invariants", "timestampNtz", widening, "vacuumProtocolCheck",
    ]

    /// What older versions of the protocol ask of writers without naming it, by the first version that does.
    private static let implied: [(version: Int, feature: String)] = [
        (2, "appendOnly"), (2, "invariants"), (3, "checkConstraints"), (4, "changeDataFeed"), (4, "generatedColumns"),
        (5, "columnMapping"), (6, "identityColumns"),
    ]

    /// Why a table cannot be read; nil where it can.
    static func readObstacle(_ versions: DeltaAction.ProtocolVersions) -> String? {
        guard (1...3).contains(versions.minReaderVersion), (1...7).contains(versions.minWriterVersion) else {
            return
                "it needs reader version \(versions.minReaderVersion) and writer version \(versions.minWriterVersion) of the "
                + "protocol; known are 3 and 7"
        }
        guard versions.minReaderVersion == 3 else { return nil }
        guard let features = versions.readerFeatures else {
            return "it needs reader version 3 of the protocol and does not name the features that it uses"
        }
        let unknown = features.filter { !readable.contains($0) }
        return unknown.isEmpty ? nil : "it uses \(unknown.sorted().joined(separator: ", ")), which cannot be read here"
    }

    /// Why a table cannot be written; nil where it can.
    static func writeObstacle(_ versions: DeltaAction.ProtocolVersions, _ metadata: DeltaAction.Metadata?) -> String? {
        var used: Set<String> = []
        if versions.minWriterVersion >= 7 {
            used.formUnion((versions.writerFeatures ?? []).filter { !writable.contains($0) })
        }
        let properties = metadata?.configuration ?? [:]
        if properties["delta.columnMapping.mode"] ?? "none" != "none" { used.insert("columnMapping") }
        if properties["delta.enableInCommitTimestamps"] == "true" { used.insert("inCommitTimestamp") }
        if properties.keys.contains(where: { $0.hasPrefix("delta.constraints.") }) { used.insert("checkConstraints") }
        let fields = metadata.flatMap { DeltaSchema.fields($0.schemaString) } ?? []
        used.formUnion(fields.flatMap(\.all).flatMap(\.rules))
        return used.isEmpty ? nil : "it uses \(used.sorted().joined(separator: ", ")), which is not written here"
    }

    /// The protocol of a table with one more feature for readers and writers, and all that it had.
    static func adding(
        _ feature: String, to versions: DeltaAction.ProtocolVersions
    ) -> DeltaAction.ProtocolVersions {
        var readers = Set(versions.readerFeatures ?? []), writers = Set(versions.writerFeatures ?? [])
        if versions.minWriterVersion < 7 {
            writers.formUnion(implied.filter { $0.version <= versions.minWriterVersion }.map(\.feature))
        }
        if versions.minReaderVersion == 2 { readers.insert("columnMapping") }
        readers.insert(feature)
        // What readers must know writers must, too.
        writers.formUnion(readers)
        return .init(
            minReaderVersion: 3, minWriterVersion: 7, readerFeatures: readers.sorted(), writerFeatures: writers.sorted()
        )
    }
}
