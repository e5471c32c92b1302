/// Keeps other programs from archiving the same lake, for as long as it lives.
public final class ArchiveLock: Sendable {
    private let lock: FolderLock

    /// - Throws: `locked` where another program archives; `unsupported` where the lake is in a bucket.
    public init(_ lake: any LakePlace) throws(LakeError) {
        guard lake.access == nil else {
            throw LakeError(.unsupported, "the lake is in a bucket already", operation: lake.url)
        }
        let folder = lake.location(".tapedeck")
        try DurableFile.makeFolder(folder)
        lock = try FolderLock("\(folder)/archive.lock", others: "another program archives this lake")
    }
}
