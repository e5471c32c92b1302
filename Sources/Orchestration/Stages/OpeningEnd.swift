internal import Foundation
internal import Journaling
internal import Platform

/// Where a journal ended when nothing of it had been delivered to a sink since: its target can have no rows from there on.
///
/// A file `sinks/SINK.end` in the data folder keeps it until the target was compared with it, so that a journal that grows
/// meanwhile, while the target is away or refused, does not hide that the target is ahead. Backups leave the file out.
struct OpeningEnd: Sendable {
    static let suffix = ".end"

    let offset: Offset
    private let folder: String
    private let path: String

    /// - Parameter end: of the journal, durable; it counts where nothing is kept.
    /// - Throws: where the file cannot be read or written.
    init(_ end: Offset, folder: String, sink: String) throws {
        self.folder = "\(folder)/sinks"
        path = "\(self.folder)/\(sink)\(Self.suffix)"
        if let bytes = FileManager.default.contents(atPath: path) {
            guard let kept = Offset(String(decoding: bytes, as: UTF8.self).dropLast()) else {
                throw PipelineError("`\(path)` is damaged: restore it, or remove it to trust the target of the sink")
            }
            offset = min(kept, end)
            return
        }
        offset = end
        try Folder.create(self.folder)
        try File.replace(path, with: Array("\(end)\n".utf8))
    }

    /// The target was compared: from here on it gets more.
    func pass() throws {
        guard FileManager.default.fileExists(atPath: path) else { return }
        try Folder.removeFile(path)
        try Folder.synchronize(folder)
    }
}
