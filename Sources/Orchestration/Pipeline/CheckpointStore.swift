internal import Foundation
package import Journaling
internal import Platform

/// Keeps the engine's state with its offset: the newest two checkpoints of a folder.
///
/// A file holds a magic number, the offset, the length of the state, the CRC-32C of all else, and the state; it is
/// written under another name, synced and renamed, so that a checkpoint is whole or not there.
package struct CheckpointStore: Sendable {
    private let folder: String
    private static let magic: UInt64 = 0x3130_5450_4b43_4454  // "TDCKPT01"
    private static let suffix = ".checkpoint"

    package init(folder: String) throws {
        self.folder = folder
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    /// Saves the state that the engine has when every record before `offset` is processed.
    package func save(_ state: [UInt8], offset: Offset) throws {
        var writer = BinaryWriter()
        writer.write(Self.magic)
        writer.write(offset)
        writer.write(UInt64(state.count))
        writer.write(Self.checksum(writer.bytes[...], state[...]))
        try File.replace(folder + "/" + Self.name(offset), with: writer.bytes + state)
        for old in try names().dropLast(2) { try FileManager.default.removeItem(atPath: folder + "/" + old) }
    }

    /// The lowest offset of the checkpoints that are kept: where reading begins if the newer one turns out damaged.
    /// Nil where there are none.
    package func oldestOffset() throws -> Offset? {
        try names().first.flatMap { Offset($0.dropLast(Self.suffix.count)) }
    }

    /// The newest checkpoint that is whole and not beyond `limit`, the end of the journal. Others on the way to it are
    /// removed with a warning: they must not pass for one of the two that are kept, nor be taken for the state of a
    /// journal that reaches their offset later with other records.
    package func newest(notBeyond limit: Offset) throws -> (offset: Offset, state: [UInt8])? {
        for name in try names().reversed() {
            let path = folder + "/" + name
            guard let data = FileManager.default.contents(atPath: path) else { continue }
            do {
                let (offset, state) = try Self.decode([UInt8](data))
                if offset <= limit { return (offset, state) }
                Log.warning(
                    "a checkpoint that is ahead of the journal is removed",
                    ["file": path, "offset": offset, "journal_ends": limit])
            } catch {
                Log.warning("a damaged checkpoint is removed", ["file": path, "reason": "\(error)"])
            }
            try FileManager.default.removeItem(atPath: path)
        }
        return nil
    }

    private static func decode(_ bytes: [UInt8]) throws -> (Offset, [UInt8]) {
        var reader = BinaryReader(bytes)
        guard try reader.read(UInt64.self) == magic else { throw Damage(reason: "not a checkpoint") }
        let offset = try reader.read(Int64.self)
        let count = try reader.read(UInt64.self)
        let checksum = try reader.read(UInt32.self)
        guard UInt64(reader.remaining) == count else { throw Damage(reason: "wrong length") }
        let state = bytes[reader.position...]
        guard Self.checksum(bytes[..<(reader.position - 4)], state) == checksum else {
            throw Damage(reason: "wrong checksum")
        }
        return (offset, Array(state))
    }

    private static func checksum(_ header: ArraySlice<UInt8>, _ state: ArraySlice<UInt8>) -> UInt32 {
        let start = unsafe header.withUnsafeBytes { unsafe CRC32C.checksum($0) }
        return unsafe state.withUnsafeBytes { unsafe CRC32C.checksum($0, seed: start) }
    }

    private struct Damage: Error, CustomStringConvertible {
        let reason: String
        var description: String { reason }
    }

    private static func name(_ offset: Offset) -> String {
        let digits = String(offset)
        return String(repeating: "0", count: max(0, 20 - digits.count)) + digits + suffix
    }

    private func names() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(Self.suffix) }.sorted()
    }
}
