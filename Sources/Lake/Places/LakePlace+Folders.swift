public import Market

// Lakes and tables in folders of this machine, by their paths.

extension DeltaTable {
    /// Opens the table of a folder as it is now, or as it was.
    ///
    /// - Returns: nil where there is no Delta table.
    public static func open(
        _ path: String, at version: TableVersion = .newest, writer: String = "tapedeck"
    ) throws(LakeError) -> DeltaTable? {
        try open(LocalPlace(path), at: version, writer: writer)
    }

    /// Opens the table of a folder, or makes it; columns that it does not have yet are added.
    public static func open(
        _ path: String, creating schema: TableSchema, writer: String = "tapedeck"
    ) throws(LakeError) -> DeltaTable {
        try open(LocalPlace(path), creating: schema, writer: writer)
    }
}

extension LakeFolder {
    /// - Throws: `io` where there is no such folder.
    public init(_ path: String) throws(LakeError) { self.init(LocalPlace(try DurableFile.resolve(path))) }
}

extension LakeReader {
    /// Opens the lake of a folder.
    public convenience init(
        _ path: String, at versions: LakeVersions = .newest, tables: [TableSchema] = Tables.all,
        memoryBytes: Int64? = nil, threads: Int? = nil, isConfined: Bool = true
    ) throws(LakeError) {
        try self.init(
            LocalPlace(path), at: versions, tables: tables, memoryBytes: memoryBytes, threads: threads,
            isConfined: isConfined)
    }
}

extension HotStore.Options {
    /// - Parameter lake: folder of the lake; made where it is missing.
    public init(
        lake: String, pipeline: String, tables: [TableSchema] = Tables.all, memoryBytes: Int64? = nil,
        threads: Int? = nil, rowGroupRows: Int = 131_072
    ) {
        let place = LocalPlace(lake)
        self.init(
            lake: place, scratch: place.location(".tapedeck"), pipeline: pipeline, tables: tables,
            memoryBytes: memoryBytes,
            threads: threads, rowGroupRows: rowGroupRows)
    }
}
