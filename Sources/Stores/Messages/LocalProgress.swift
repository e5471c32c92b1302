internal import Delivery
internal import Foundation
internal import Kafka
internal import Market
internal import Networking
internal import Platform

/// How far a target is that cannot say so itself: a file `sinks/SINK.json` in the data folder, beside the journal whose offsets
/// it holds.
///
/// What is noted was taken by the target. After a crash some more may have been: it is sent again, with the same identity.
/// - Threading: one thread at a time.
final class LocalProgress {
    /// By target and table, so that a sink that is pointed elsewhere begins at the beginning there.
    private struct Contents: Codable {
        var targets: [String: [String: Int64]] = [:]
    }

    private let folder: String
    private let path: String
    private let target: String
    private var contents = Contents()

    /// - Parameter target: stands for the place that rows are sent to; without secrets.
    init(_ context: SinkContext, target: String) {
        folder = context.folder + "/sinks"
        path = "\(folder)/\(context.sink).json"
        self.target = target
    }

    /// Reads what was noted.
    ///
    /// - Throws: `setup` where the file is damaged.
    func open() throws(DeliveryError) {
        contents = Contents()
        guard FileManager.default.fileExists(atPath: path) else { return }
        do {
            contents = try JSONDecoder().decode(Contents.self, from: Data(contentsOf: URL(filePath: path)))
        } catch {
            throw DeliveryError(
                .setup, "`\(path)` cannot be read: restore it, or remove it to have everything sent once more")
        }
    }

    /// The offset up to which the target has a table, itself included; -1 where it has none.
    func offset(_ table: TableSchema) -> Int64 { contents.targets[target]?[table.name] ?? -1 }

    /// Notes that the target has a table up to `offset`; durable when it returns.
    func note(_ table: TableSchema, offset: Int64) throws(DeliveryError) {
        contents.targets[target, default: [:]][table.name] = offset
        do {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
            let bytes = Array(try encoder.encode(contents)) + [UInt8(ascii: "\n")]
            try Folder.create(folder)
            try File.replace(path, with: bytes)
        } catch {
            throw DeliveryError(.unavailable, "cannot note how far the sink is: \(error)")
        }
    }
}

extension LocalProgress {
    /// Sends the rows of a unit part by part, and notes each part that was taken.
    ///
    /// - Parameters:
    ///   - part: holds the messages meanwhile.
    ///   - bytes: of values that are sent and noted at once, about.
    ///   - messageBytesMax: bytes of a message at most.
    ///   - asReceived: whether frames go as they came, rather than as rows.
    ///   - body: sends a part, and returns when all of it was taken.
    /// - Returns: rows that were sent.
    func send(
        _ unit: DeliveryUnit, by part: OutgoingMessages, bytes: Int, messageBytesMax: Int, asReceived: Bool = false,
        _ body: () throws(CloudError) -> Void
    ) throws(DeliveryError) -> Int64 {
        let encoder = try MessageEncoder(unit, messageBytesMax: messageBytesMax, asReceived: asReceived)
        var rows: Int64 = 0
        while let last = encoder.encode(into: part, bytes: bytes) {
            try translating(body)
            try note(unit.table, offset: encoder.isAtEnd ? unit.last : last)
            rows += Int64(part.count)
        }
        if rows == 0 { try note(unit.table, offset: unit.last) }
        return rows
    }

    /// - Throws: `conflict` where a table is not at the beginning of what is to come.
    func check(_ table: TableSchema, at after: Int64) throws(DeliveryError) {
        let found = offset(table)
        guard found == after else {
            throw DeliveryError(.conflict, "rows up to offset \(found) were sent already, not up to \(after)")
        }
    }
}
