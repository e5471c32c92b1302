internal import Foundation

/// Where a running pipeline can be asked: a file in its data folder, there while it serves.
public enum ServerAddress {
    private static func file(_ folder: String) -> String { folder + "/address" }

    static func save(_ url: String, in folder: String) throws {
        try Data((url + "\n").utf8).write(to: URL(filePath: file(folder)), options: .atomic)
    }

    static func remove(from folder: String) { try? FileManager.default.removeItem(atPath: file(folder)) }

    /// The address of the pipeline that runs on a data folder; nil where none serves. After a crash the file may be left:
    /// the caller finds nobody there.
    public static func read(from folder: String) -> String? {
        guard let text = try? String(contentsOfFile: file(folder), encoding: .utf8) else { return nil }
        let url = text.trimmingCharacters(in: .whitespacesAndNewlines)
        return url.isEmpty ? nil : url
    }
}
