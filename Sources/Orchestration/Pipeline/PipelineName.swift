internal import Foundation
internal import Platform

/// The name of the pipeline that a data folder belongs to, in a file there.
///
/// Lake and sinks keep under this name how far they are. Under another one they would begin anew: rows that are in the journal would come
/// a second time, or never.
enum PipelineName {
    private static let file = "pipeline"

    /// - Parameter isUnused: whether the folder's journal has nothing yet: then it may get another name.
    /// - Throws: where the folder belongs to a pipeline of another name.
    static func claim(_ name: String, of folder: String, isUnused: Bool) throws {
        let path = "\(folder)/\(file)"
        if !isUnused, let text = try? String(contentsOfFile: path, encoding: .utf8) {
            let owner = text.trimmingCharacters(in: .whitespacesAndNewlines)
            if owner == name { return }
            throw PipelineError(
                "the data in \(folder) was recorded as pipeline `\(owner)`, and lake and sinks know it by that name: use "
                    + "`pipeline: \(owner)`, or another data folder for `\(name)`")
        }
        try File.replace(path, with: Array((name + "\n").utf8))
    }
}
