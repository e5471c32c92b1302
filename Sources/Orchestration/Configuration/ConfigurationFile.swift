internal import Foundation
internal import Platform

/// Reads the text of a configuration file.
enum ConfigurationFile {
    /// - Throws: where the file is absent, unreadable, no regular file or not UTF-8.
    static func read(_ path: String) throws(ConfigError) -> String {
        var isFolder: ObjCBool = false
        guard unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw ConfigError(file: path, "there is no such file", suggestion: neighbours(of: path))
        }
        guard !isFolder.boolValue else {
            throw ConfigError(file: path, "this is a folder", suggestion: "name the pipeline file inside it")
        }
        guard let handle = FileHandle(forReadingAtPath: path) else {
            throw ConfigError(file: path, "the file cannot be read", suggestion: "check its permissions")
        }
        defer { try? handle.close() }
        do {
            // One byte more than the reader takes, so that it can refuse the file as too large.
            let data = try handle.read(upToCount: YAML.Limits().bytes + 1) ?? Data()
            guard let text = String(data: data, encoding: .utf8) else {
                throw ConfigError(file: path, "the file is not UTF-8 text", suggestion: "save it as UTF-8")
            }
            return text
        } catch let error as ConfigError {
            throw error
        } catch {
            throw ConfigError(file: path, "the file cannot be read: \(error.localizedDescription)")
        }
    }

    /// The file of the same folder that was probably meant.
    private static func neighbours(of path: String) -> String? {
        let url = URL(filePath: path)
        let names = try? FileManager.default.contentsOfDirectory(atPath: url.deletingLastPathComponent().path)
        let files = (names ?? []).filter { $0.hasSuffix(".yaml") || $0.hasSuffix(".yml") }
        return Suggestion.nearest(to: url.lastPathComponent, among: files.sorted()).map { "did you mean `\($0)`?" }
    }
}
