internal import Foundation
internal import Platform
internal import Synchronization

/// The `_delta_log` folder of a table: numbered files, each written once.
struct DeltaLog {
    /// The folder of the table.
    let place: any LakePlace
    /// Name of the log's folder in the table's.
    static let folderName = "_delta_log"

    /// What errors call the log.
    var folder: String { place.location(Self.folderName) }

    static func fileName(_ version: Int64) -> String { number(version) + ".json" }

    static func number(_ version: Int64) -> String {
        let digits = String(version)
        return String(repeating: "0", count: 20 - digits.count) + digits
    }

    /// Relative to the table.
    func path(_ version: Int64) -> String { Self.path(Self.fileName(version)) }

    static func path(_ name: String) -> String { "\(folderName)/\(name)" }

    /// Names of the files that belong to versions.
    func names() throws(LakeError) -> [String] {
        try place.paths(below: Self.folderName).compactMap { path in
            let name = path.dropFirst(Self.folderName.count + 1)
            return name.contains("/") || name.count <= 20 || Int64(name.prefix(20)) == nil ? nil : String(name)
        }
    }

    /// The versions that have a file, both rising.
    struct Versions {
        var commits: [Int64] = []
        var checkpoints: [Int64] = []
    }

    /// What is there.
    func versions() throws(LakeError) -> Versions {
        var found = Versions()
        // Parts of checkpoints that have several, by version.
        var parts: [Int64: (found: Int, of: Int)] = [:]
        for name in try names() {
            guard let version = Int64(name.prefix(20)) else { continue }
            let fields = name.dropFirst(21).split(separator: ".")
            switch fields.map(String.init) {
            case ["json"]: found.commits.append(version)
            case ["checkpoint", "parquet"]: found.checkpoints.append(version)
            case let part where part.count == 4 && part[0] == "checkpoint" && part[3] == "parquet":
                guard let of = Int(part[2]) else { continue }
                parts[version, default: (0, of)].found += 1
            case let named
            where named.count == 3 && named[0] == "checkpoint" && ["json", "parquet"].contains(named[2]):
                found.checkpoints.append(version)
            default: continue
            }
        }
        if found.commits.isEmpty, found.checkpoints.isEmpty, let (version, part) = parts.first, part.found < part.of {
            throw LakeError(
                .corrupt, "checkpoint \(version) has \(part.found) of its \(part.of) parts", operation: folder)
        }
        found.checkpoints += parts.filter { $0.value.found == $0.value.of }.keys
        found.commits.sort()
        // One version may have several.
        found.checkpoints = Set(found.checkpoints).sorted()
        return found
    }

    /// The actions of one commit; nil where there is no such version.
    func commit(_ version: Int64) throws(LakeError) -> [DeltaAction]? {
        let path = path(version)
        guard let bytes = try place.read(path) else { return nil }
        return try Self.actions(bytes, place.location(path))
    }

    /// The actions of commits that follow each other, read several at once; those behind one that is not there are left out. None
    /// where one after the other is as fast.
    ///
    /// - Parameter versions: rising.
    func commits(_ versions: [Int64]) throws(LakeError) -> [[DeltaAction]] {
        guard place.isRemote, let first = versions.first else { return [] }
        let count = zip(versions, first...).prefix { $0 == $1 }.count
        let found = Mutex([[DeltaAction]?](repeating: nil, count: count))
        try ParallelWork.run("log", count: count, threads: min(4, place.requestsAtOnce)) { (number) throws(LakeError) in
            let actions = try commit(versions[number])
            found.withLock { $0[number] = actions }
        }
        return found.withLock { $0 }.prefix { $0 != nil }.compactMap { $0 }
    }

    /// The actions of the lines of a file.
    static func actions(_ bytes: [UInt8], _ path: String) throws(LakeError) -> [DeltaAction] {
        var reader = FileLineReader()
        var actions: [DeltaAction] = []
        var start = 0
        while start < bytes.count {
            let end = reader.lineEnd(bytes.span, from: start)
            if let action = reader.action(bytes.span, start..<end) {
                actions.append(action)
            } else if start < end {
                actions.append(try action(Data(bytes[start..<end]), path))
            }
            start = end + 1
        }
        return actions
    }

    /// The action of a line of any kind.
    static func action(_ line: Data, _ path: String) throws(LakeError) -> DeltaAction {
        do {
            return try JSONDecoder().decode(DeltaAction.self, from: line)
        } catch {
            throw LakeError(.corrupt, "is not a commit of a Delta table", operation: path, cause: error)
        }
    }

    /// Actions as the lines of a commit.
    static func lines(_ actions: [DeltaAction]) -> [UInt8] {
        var writer = FileLineWriter()
        for action in actions { append(action, to: &writer) }
        return writer.bytes
    }

    static func append(_ action: DeltaAction, to writer: inout FileLineWriter) {
        if let file = action.add { return writer.append(file) }
        if let file = action.remove { return writer.append(file) }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.withoutEscapingSlashes]
        do {
            writer.append(line: try encoder.encode(action))
        } catch {
            preconditionFailure("an action cannot be written as JSON: \(error)")
        }
    }

    /// Writes a version unless it exists.
    ///
    /// The file gets its name only once its content is durable, and the name is durable when this returns true.
    /// - Parameter writer: marks the temporary file, so that what a crash leaves behind can be told from others' work.
    /// - Returns: false where another writer was faster.
    func write(_ version: Int64, _ actions: [DeltaAction], writer: String) throws(LakeError) -> Bool {
        try place.create(path(version), Self.lines(actions), writer: writer)
    }

    /// Makes sure that the place keeps to the condition of `write`: everything rests on it.
    ///
    /// - Parameter actions: those of version 0, which was written with them.
    /// - Throws: `unsupported` where it replaces what is there; then version 0 is taken back.
    func checkConditions(_ actions: [DeltaAction], writer: String) throws(LakeError) {
        guard try write(0, actions, writer: writer) else { return }
        place.remove(path(0))
        throw LakeError(
            .unsupported,
            "the service replaces an object that must not be there (it does not heed `If-None-Match`): two writers would "
                + "not notice each other",
            operation: place.location(path(0)))
    }

    /// Removes what a crash of this writer left behind.
    func removeLeftovers(writer: String) throws(LakeError) {
        try place.removeDrafts(of: writer, in: Self.folderName)
    }
}
