internal import Platform

/// Finds keys below a folder in the order of their bytes.
struct LocalKeys {
    private let folder: String
    private let prefix: String
    private let after: String
    private let limit: Int
    private(set) var found: [String] = []

    init(_ folder: String, prefix: String, after: String, limit: Int) {
        self.folder = folder
        self.prefix = prefix
        self.after = after
        self.limit = limit
    }

    /// Looks below a part of the folder.
    ///
    /// - Parameter place: empty, or with a slash at its end.
    mutating func collect(_ place: String) throws(FileError) {
        var names: [(key: String, isFolder: Bool)] = []
        do throws(FileError) {
            for (name, isFolder) in try Folder.entries(folder + "/" + place) {
                let key = place + name + (isFolder ? "/" : "")
                if !name.hasPrefix(ObjectKey.unfinished), isFolder ? mayHold(key) : isWanted(key) {
                    names.append((key, isFolder))
                }
            }
        } catch {
            if error.isMissing { return }
            throw error
        }
        // A folder's name ends with its slash here: so `a.b` comes before `a/b`.
        names.sort { ObjectKey.isBefore($0.key, $1.key) }
        for (key, isFolder) in names {
            guard found.count < limit else { return }
            if isFolder { try collect(key) } else { found.append(key) }
        }
    }

    private func isWanted(_ key: String) -> Bool { key.hasPrefix(prefix) && ObjectKey.isBefore(after, key) }

    /// Whether wanted keys can begin with that of a folder.
    private func mayHold(_ key: String) -> Bool {
        (key.hasPrefix(prefix) || prefix.hasPrefix(key)) && (after.hasPrefix(key) || ObjectKey.isBefore(after, key))
    }
}
