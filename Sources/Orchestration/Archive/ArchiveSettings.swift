public import Lake
internal import Market
internal import Objects
internal import Platform

/// Where partitions go that are over, and when: section `archive`.
public struct ArchiveSettings: Sendable {
    static let spec = Spec(
        "archive", "Where partitions go that are over.",
        options: ObjectOptions.specs + [
            .duration("after", default: "1d", "How long a day (or a month, of tables that have months) must be over."),
            .list("tables", default: "", "Tables; all of them unless given."),
            .boolean(
                "upload", default: "true",
                "Whether partitions move there. `false` seals and checks them where they are; what moved before is still queried."
            ),
        ])

    private let options: Options
    let afterNs: Int64
    /// Names of tables; empty for all.
    let tables: [String]
    let uploads: Bool

    init(_ options: Options) throws(ConfigError) {
        self.options = options
        afterNs = options.durationNs("after")
        tables = options.list("tables")
        uploads = options.boolean("upload")
        let known = Tables.all.map(\.name)
        for (index, name) in tables.enumerated() where !known.contains(name) {
            throw options.error(
                "tables", element: index, "there is no table `\(name)`",
                suggestion: Suggestion.sentence(for: name, among: known))
        }
        _ = try ObjectOptions.store(options)
    }

    /// Where the archive is.
    ///
    /// - Parameter scratch: folder for what is not complete yet, of this program alone.
    func place(scratch: String) throws -> any LakePlace {
        try LakeOptions.place(options, at: "url", standard: "", scratch: scratch)
    }
}

extension PipelineConfiguration {
    /// Where rows were archived; nil where none are.
    ///
    /// - Parameter scratch: folder for what is not complete yet, of this program alone; nil where nothing is written.
    /// - Throws: `ConfigError` where the options do not fit together.
    public func archivePlace(scratch: String? = nil) throws -> (any LakePlace)? {
        try archive?.place(scratch: scratch ?? Self.temporaryScratch)
    }
}
