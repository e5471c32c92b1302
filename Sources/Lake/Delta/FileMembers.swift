/// What is read of a file, before it is known whether all is there that must be.
struct FileMembers {
    var path: String?
    var partitionValues: [String: String?]?
    var size: Int64?
    var modificationTime: Int64?
    var dataChange: Bool?
    var stats: String?
    var tags: [String: String?]?
    var deletionTimestamp: Int64?
    var extendedFileMetadata: Bool?
}

extension AddFile {
    /// Nil where a member is missing that must be there.
    init?(_ members: FileMembers) {
        guard let path = members.path, let partitionValues = members.partitionValues, let size = members.size,
            let modificationTime = members.modificationTime, let dataChange = members.dataChange
        else { return nil }
        self.init(
            relativePath: "", partitionValues: partitionValues, size: size, modificationTime: modificationTime,
            dataChange: dataChange, stats: members.stats)
        self.path = path
        tags = members.tags
    }
}

extension RemoveFile {
    /// Nil where a member is missing that must be there.
    init?(_ members: FileMembers) {
        guard let path = members.path, let dataChange = members.dataChange else { return nil }
        self.init(path: path, deletionTimestamp: 0, dataChange: dataChange)
        deletionTimestamp = members.deletionTimestamp
        extendedFileMetadata = members.extendedFileMetadata
        partitionValues = members.partitionValues
        size = members.size
    }
}

/// Partition values that many files have, kept once.
struct SharedValues {
    /// By all their bytes: texts that only look the same are not.
    private var known: [[UInt8]: [String: String?]] = [:]
    private var key: [UInt8] = []

    mutating func same(_ values: [String: String?]) -> [String: String?] {
        key.removeAll(keepingCapacity: true)
        for (name, value) in values {
            key += name.utf8
            key.append(value == nil ? 0xfd : 0xfe)
            if let value { key += value.utf8 }
            key.append(0xff)
        }
        if let known = known[key] { return known }
        known[key] = values
        return values
    }
}
