internal import Foundation
internal import Journaling
internal import Platform

/// The name of the pipeline that a data folder belongs to, in a file there.
///
/// Lake and sinks keep under this name how far they are. Under another one they would begin anew: rows that are in the journal would come
/// a second time, or never.
enum PipelineName {
    private static let file = "pipeline"

    private static func path(_ folder: String) -> String { "\(folder)/\(file)" }

    /// Makes a folder that of a pipeline.
    ///
    /// - Parameter isUnused: whether the folder's journal has nothing yet: then it may get another name.
    /// - Throws: where the folder belongs to a pipeline of another name.
    static func claim(_ name: String, of folder: String, isUnused: Bool) throws {
        if !isUnused, let owner = owner(of: folder) {
            guard owner == name else { throw refusal(name, of: folder, owner) }
            return
        }
        try File.replace(path(folder), with: Array((name + "\n").utf8))
    }

    /// - Throws: where `claim` would refuse the configuration's name.
    static func check(_ configuration: PipelineConfiguration) throws {
        let (name, folder) = (configuration.name, configuration.dataFolder)
        guard let owner = owner(of: folder), owner != name,
            let journal = try? JournalInspector.info(path: configuration.journal.path), journal.endOffset > 0
        else { return }
        throw refusal(name, of: folder, owner)
    }

    private static func owner(of folder: String) -> String? {
        try? String(contentsOfFile: path(folder), encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)
    }

    private static func refusal(_ name: String, of folder: String, _ owner: String) -> PipelineError {
        PipelineError(
            "the data in \(folder) was recorded as pipeline `\(owner)`, and lake and sinks know it by that name: use "
                + "`pipeline: \(owner)`, or another data folder for `\(name)`")
    }
}
