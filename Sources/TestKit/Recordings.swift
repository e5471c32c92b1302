public import Foundation

/// Finds the folder of real recordings that some tests read.
public enum Recordings {
    /// `TAPEDECK_DATA`, or `shared/data` beside one of the folders above this package; nil where there is none.
    public static let folder: URL? = {
        if let path = ProcessInfo.processInfo.environment["TAPEDECK_DATA"] { return URL(filePath: path) }
        var folder = packageFolder
        while folder.path != "/" {
            folder.deleteLastPathComponent()
            let candidate = folder.appending(path: "shared/data")
            if FileManager.default.fileExists(atPath: candidate.appending(path: "README.md").path) { return candidate }
        }
        return nil
    }()

    /// The checkout this was built from.
    public static let packageFolder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// True where recordings can be read; says so once on standard error where they cannot.
    public static let arePresent: Bool = {
        if folder != nil { return true }
        FileHandle.standardError.write(
            Data("SKIPPED: tests on real recordings (set TAPEDECK_DATA to the folder that holds them)\n".utf8))
        return false
    }()

    /// A file or folder of the recordings.
    ///
    /// - Precondition: `arePresent`.
    public static func path(_ relative: String) -> String {
        guard let folder else { preconditionFailure("no recordings; guard the test with Recordings.arePresent") }
        return folder.appending(path: relative).path
    }
}
