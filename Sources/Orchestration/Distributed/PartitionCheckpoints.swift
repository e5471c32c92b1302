internal import Foundation
internal import Journaling
internal import Synchronization

/// Keeps the states of one partition: what the engine gives, with the place in the topic that belongs to it.
///
/// - Threading: the flush thread saves, the worker's thread does the rest.
final class PartitionCheckpoints: Checkpoints {
    private let states: PartitionStates
    private let messages: Mutex<PartitionMessages>
    private let feeds = Mutex<[String]>([])
    /// Folder in which sinks keep their progress whose targets do not.
    private let sinkFolder: String
    /// The message behind those that are in the newest state.
    private let saved: Atomic<Int64>

    init(_ states: PartitionStates, from position: PartitionPosition, feeds: [String], dataFolder: String) {
        self.states = states
        messages = Mutex(PartitionMessages(from: position))
        self.feeds.withLock { $0 = feeds }
        sinkFolder = dataFolder + "/sinks"
        saved = Atomic(position.message)
    }

    /// The message of the topic from which on the newest state needs it.
    var savedMessage: Int64 { saved.load(ordering: .acquiring) }

    /// Notes a message whose records are in the journal.
    func took(_ entry: PartitionMessages.Entry) { messages.withLock { $0.append(entry) } }

    /// Notes the name of the next feed.
    func named(_ feed: String) { feeds.withLock { $0.append(feed) } }

    /// Bytes of messages that are not processed up to the end.
    func bytes(from offset: Offset) -> Int { messages.withLock { $0.bytes(from: offset) } }

    func save(_ state: [UInt8], offset: Offset) throws {
        let position = messages.withLock { $0.position(at: offset) }
        try states.save(
            PartitionState(
                offset: offset, position: position, feeds: feeds.withLock { $0 }, sinkFiles: try sinkFiles(),
                engine: state))
        saved.store(position.message, ordering: .releasing)
    }

    func oldestOffset() throws -> Offset? { nil }

    private func sinkFiles() throws -> [String: [UInt8]] {
        let manager = FileManager.default
        guard manager.fileExists(atPath: sinkFolder) else { return [:] }
        var files: [String: [UInt8]] = [:]
        for name in try manager.contentsOfDirectory(atPath: sinkFolder) where name.hasSuffix(".json") {
            guard let bytes = manager.contents(atPath: "\(sinkFolder)/\(name)") else { continue }
            files[name] = [UInt8](bytes)
        }
        return files
    }

    /// Lays the files of a state where the sinks look for them.
    static func restore(_ files: [String: [UInt8]], dataFolder: String) throws {
        guard !files.isEmpty else { return }
        let folder = dataFolder + "/sinks"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        for (name, bytes) in files {
            guard !name.contains("/"), name.hasSuffix(".json") else {
                throw PipelineError("the state of a partition names a file `\(name)`")
            }
            try Data(bytes).write(to: URL(filePath: "\(folder)/\(name)"))
        }
    }
}
