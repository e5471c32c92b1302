internal import Foundation

/// The folder where a rebuild keeps what it makes until it is in the lake. What a crash left there goes with the next one.
public final class RebuildScratch {
    /// The folder of a lake that holds nothing yet.
    public let lake: String
    private let folder: String
    private let lock: FolderLock

    /// - Parameter data: the data folder.
    /// - Throws: `locked` where another rebuild uses it; `io`.
    public init(in data: String) throws(LakeError) {
        try DurableFile.makeFolder(data)
        folder = "\(data)/rebuild"
        lake = "\(folder)/lake"
        do {
            lock = try FolderLock("\(folder).lock")
        } catch  where error.code == .locked {
            throw LakeError(.locked, "another rebuild works on this data folder", operation: data)
        }
        try? FileManager.default.removeItem(atPath: folder)
        try DurableFile.makeFolder(folder)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }
}
