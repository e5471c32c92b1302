import Foundation
import Journaling
import Platform
import Synchronization
import TestKit

/// Storage that keeps what a device would hold after a power cut, and fails or waits when told to.
///
/// Files are really written, so that readers see them; beside that it models each file's durable bytes and the writes
/// that no sync has covered yet.
final class FaultyStorage: JournalStorage {
    /// What goes wrong with the next calls of an operation.
    struct Plan {
        /// Error number per operation (`write`, `sync`, `create`), how many calls fail with it, and how many before
        /// them do not.
        var failures: [String: (code: Int32, left: Int, after: Int)] = [:]
        /// Syncs wait while this is set.
        var holdsSyncs = false
        /// Calls seen per operation.
        var calls: [String: Int] = [:]
    }
    struct Image {
        var durable: [UInt8] = []
        var pending: [Change] = []
        /// The folder was synced since the file got its name.
        var isNamed = false
    }
    enum Change {
        case write([UInt8], at: Int)
        case truncate(Int)
    }
    private let plan = Mutex(Plan())
    private let images = Mutex<[String: Image]>([:])

    func fail(_ operation: String, code: Int32, times: Int, after: Int = 0) {
        plan.withLock { $0.failures[operation] = (code, times, after) }
    }
    func holdSyncs(_ holds: Bool) { plan.withLock { $0.holdsSyncs = holds } }
    func calls(_ operation: String) -> Int { plan.withLock { $0.calls[operation] ?? 0 } }

    func check(_ operation: String, _ path: String) throws(FileError) {
        let code = plan.withLock { plan -> Int32? in
            plan.calls[operation, default: 0] += 1
            guard let failure = plan.failures[operation], failure.left > 0 else { return nil }
            guard failure.after == 0 else {
                plan.failures[operation]?.after -= 1
                return nil
            }
            plan.failures[operation]?.left -= 1
            return failure.code
        }
        if let code { throw FileError(operation: operation, path: path, code: code) }
    }

    func waitWhileHeld() { while plan.withLock({ $0.holdsSyncs }) { usleep(200) } }

    func create(_ path: String) throws(FileError) -> any JournalFile {
        try check("create", path)
        images.withLock { $0[path] = Image() }
        return FaultyFile(storage: self, file: try File(path, .create))
    }
    func open(_ path: String) throws(FileError) -> any JournalFile {
        let file = try File(path, .write)
        let bytes = try file.read(Int(try file.size), at: 0)
        images.withLock { $0[path] = Image(durable: bytes, isNamed: true) }
        return FaultyFile(storage: self, file: file)
    }
    func synchronizeFolder(_ path: String) throws(FileError) {
        try check("sync folder", path)
        images.withLock { images in for name in images.keys { images[name]?.isNamed = true } }
    }
    func remove(_ path: String) throws(FileError) {
        try Folder.removeFile(path)
        images.withLock { $0[path] = nil }
    }
    func rename(_ path: String, to other: String) throws(FileError) {
        try Folder.rename(path, to: other)
        images.withLock { $0[path] = nil }
    }

    func change(_ path: String, _ body: (inout Image) -> Void) { images.withLock { body(&$0[path, default: Image()]) } }

    /// Writes to `folder` what a device may hold after losing power now: durable bytes, and any of the 512-byte sectors
    /// of writes that no sync has covered.
    func cutPower(into folder: String, _ random: inout SeededGenerator) throws {
        try Folder.create(folder)
        for (path, image) in images.withLock({ $0 }) {
            if !image.isNamed && Bool.random(using: &random) { continue }
            var bytes = image.durable
            for change in image.pending {
                switch change {
                case .truncate(let count): if Bool.random(using: &random) { bytes.resize(count) }
                case .write(let part, let position):
                    let keepsAll = Bool.random(using: &random)
                    for start in stride(from: 0, to: part.count, by: 512) where keepsAll || Bool.random(using: &random)
                    {
                        let sector = part[start..<min(start + 512, part.count)]
                        let at = position + start
                        if bytes.count < at + sector.count { bytes.resize(at + sector.count) }
                        bytes.replaceSubrange(at..<at + sector.count, with: sector)
                    }
                }
            }
            try write(bytes, to: folder + "/" + (path as NSString).lastPathComponent)
        }
    }
}

extension [UInt8] {
    fileprivate mutating func resize(_ count: Int) {
        if count < self.count {
            removeLast(self.count - count)
        } else {
            self += [UInt8](repeating: 0, count: count - self.count)
        }
    }
    fileprivate mutating func apply(_ change: FaultyStorage.Change) {
        switch change {
        case .truncate(let count): resize(count)
        case .write(let part, let position):
            if count < position + part.count { resize(position + part.count) }
            replaceSubrange(position..<position + part.count, with: part)
        }
    }
}

final class FaultyFile: JournalFile {
    private let storage: FaultyStorage
    private let file: File

    init(storage: FaultyStorage, file: File) {
        self.storage = storage
        self.file = file
    }

    func write(_ bytes: UnsafeRawBufferPointer, at position: Int64) throws(FileError) {
        precondition(position % 4096 == 0 && bytes.count % 4096 == 0, "unaligned write")
        let all = Array(bytes)
        do { try storage.check("write", file.path) } catch {
            // A device that fills up takes a part.
            let part = Array(all[..<(all.count / 2)])
            try file.write(part, at: position)
            storage.change(file.path) { $0.pending.append(.write(part, at: Int(position))) }
            throw error
        }
        try file.write(all, at: position)
        storage.change(file.path) { $0.pending.append(.write(all, at: Int(position))) }
    }
    func synchronize() throws(FileError) {
        storage.waitWhileHeld()
        try storage.check("sync", file.path)
        storage.change(file.path) { image in
            for change in image.pending { image.durable.apply(change) }
            image.pending = []
        }
    }
    func reserve(_ bytes: Int64) throws(FileError) { try storage.check("reserve", file.path) }
    func truncate(to bytes: Int64) throws(FileError) {
        try storage.check("truncate", file.path)
        try file.truncate(to: bytes)
        storage.change(file.path) { $0.pending.append(.truncate(Int(bytes))) }
    }
}
