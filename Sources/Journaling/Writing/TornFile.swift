internal import Platform

/// Names of the files that keep what was cut from a journal.
enum TornFile {
    /// A free name for what lay at `position` of `segmentPath`.
    static func path(beside segmentPath: String, position: Int64) -> String {
        var path = "\(segmentPath).\(position).torn"
        var copy = 1
        while (try? Folder.status(path)) != nil {
            copy += 1
            path = "\(segmentPath).\(position)-\(copy).torn"
        }
        return path
    }
}
