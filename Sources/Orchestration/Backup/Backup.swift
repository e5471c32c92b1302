internal import Foundation
public import Lake
internal import Platform

/// A copy of everything that a pipeline keeps, made while it runs: a folder of its own for each, itself a data folder.
///
/// What is copied later is never behind what it builds on: positions of sinks first, then checkpoints of the engine, then each table of the
/// lake at one version, then the journal. So what is restored starts as after a crash: the engine reads the journal from its checkpoint, and
/// tables drop what they have. Files that never change are linked from the backup before, where the file system can.
/// - Threading: one thread at a time.
public struct Backup {
    /// Where a pipeline keeps what is copied.
    public struct Source: Sendable {
        public let pipeline: String
        /// Data folder.
        public let data: String
        public let journal: String
        /// What is in a bucket is not copied: only what is needed to go on filling it.
        public let lake: any LakePlace

        public init(_ configuration: PipelineConfiguration) throws {
            try self.init(
                pipeline: configuration.name, data: configuration.dataFolder, journal: configuration.journal.path,
                lake: configuration.lakePlace())
        }

        init(pipeline: String, data: String, journal: String, lake: any LakePlace) {
            self.pipeline = pipeline
            self.data = data
            self.journal = journal
            self.lake = lake
        }
    }

    /// What a backup holds.
    public struct Report: Codable, Sendable, Equatable {
        public var pipeline = ""
        /// When it was begun, in nanoseconds since 1970 UTC.
        public var startedNs: Int64 = 0
        public var seconds = 0.0
        public var files = 0
        public var bytes: Int64 = 0
        /// Bytes that were copied, rather than linked.
        public var copiedBytes: Int64 = 0
    }

    static let manifest = "backup.json"
    private static let partial = ".partial-"

    private let source: Source
    private let target: String
    /// The backup whose files are linked; nil for the first.
    private let earlier: String?
    private let folder: String
    private let goesOn: (Int64) -> Bool
    private var report = Report()

    /// Makes a backup.
    ///
    /// - Parameters:
    ///   - target: folder of the pipeline's backups, elsewhere.
    ///   - keep: how many stay, this one included; nil for all.
    ///   - progress: told how many bytes are done; returns false to stop, which leaves the backups before as they are.
    /// - Returns: its folder; nil where it was stopped.
    /// - Throws: where files cannot be read or written.
    public static func make(
        _ source: Source, in target: String, keep: Int? = nil, progress: (Int64) -> Bool = { _ in true }
    ) throws -> (folder: String, report: Report)? {
        try withoutActuallyEscaping(progress) { progress in
            var backup = try Backup(source, target, progress)
            do {
                try backup.copyAll()
                let folder = try backup.finish()
                if let keep { try prune(target, keep: keep) }
                return (folder, backup.report)
            } catch is JobStopped {
                try? FileManager.default.removeItem(atPath: backup.folder)
                return nil
            } catch {
                try? FileManager.default.removeItem(atPath: backup.folder)
                throw error
            }
        }
    }

    /// The backups of a folder, the oldest first.
    public static func list(_ target: String) throws -> [(folder: String, report: Report)] {
        try names(target).filter { !$0.hasPrefix(".") }.sorted().compactMap { name in
            let folder = "\(target)/\(name)"
            return Self.report(folder).map { (folder, $0) }
        }
    }

    /// What a folder says of itself; nil where it is no complete backup.
    static func report(_ folder: String) -> Report? {
        FileManager.default.contents(atPath: "\(folder)/\(manifest)").flatMap {
            try? JSONDecoder().decode(Report.self, from: $0)
        }
    }

    /// Copies a backup to where a pipeline is to go on with it.
    ///
    /// - Parameter data: a data folder that holds nothing yet.
    /// - Throws: where it is not a complete backup, or the folder holds something.
    public static func restore(_ folder: String, to data: String) throws -> Report {
        guard let report = report(folder) else {
            throw PipelineError("`\(folder)` is not a complete backup: `tapedeck backup ls` lists those of a folder")
        }
        guard try names(data).isEmpty else {
            throw PipelineError("`\(data)` holds something already: name a folder that is new or empty")
        }
        try Folder.create(data)
        for name in try names(folder) where name != manifest {
            try FileManager.default.copyItem(atPath: "\(folder)/\(name)", toPath: "\(data)/\(name)")
        }
        return report
    }

    private static func prune(_ target: String, keep: Int) throws {
        for (folder, _) in try list(target).dropLast(max(1, keep)) {
            try FileManager.default.removeItem(atPath: folder)
        }
    }

    private static func names(_ folder: String) throws -> [String] {
        guard FileManager.default.fileExists(atPath: folder) else { return [] }
        return try FileManager.default.contentsOfDirectory(atPath: folder)
    }

    private init(_ source: Source, _ target: String, _ goesOn: @escaping (Int64) -> Bool) throws {
        guard FileManager.default.fileExists(atPath: source.journal) else {
            throw PipelineError("there is no journal in `\(source.journal)`: nothing to make a backup of")
        }
        let data = URL(filePath: source.data).standardizedFileURL.path
        guard !(URL(filePath: target).standardizedFileURL.path + "/").hasPrefix(data + "/") else {
            throw PipelineError("`\(target)` is in the data folder: a backup of it would hold all backups before")
        }
        self.source = source
        self.target = target
        self.goesOn = goesOn
        try Folder.create(target)
        // What a crash left behind; a younger one may be another program's at work.
        let yesterday = Timestamp.now().nanoseconds - 86_400_000_000_000
        for name in try Self.names(target) where name.hasPrefix(Self.partial) {
            guard let startedNs = Int64(name.dropFirst(Self.partial.count)), startedNs < yesterday else { continue }
            try FileManager.default.removeItem(atPath: "\(target)/\(name)")
        }
        earlier = try Self.list(target).last?.folder
        report.pipeline = source.pipeline
        report.startedNs = Timestamp.now().nanoseconds
        folder = "\(target)/\(Self.partial)\(report.startedNs)"
        try Folder.create(folder)
    }

    private mutating func finish() throws -> String {
        report.seconds = Double(Timestamp.now().nanoseconds - report.startedNs) / 1e9
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
        try File.replace("\(folder)/\(Self.manifest)", with: Array(encoder.encode(report)))
        // All of it at once, rather than file by file.
        Folder.synchronizeAll()
        // 2026-01-31T120000.123Z: in the order of time, and a name on every file system.
        let time = Timestamp(nanoseconds: report.startedNs / 1_000_000 * 1_000_000).description
        let final = "\(target)/\(time.filter { $0 != ":" })"
        try Folder.rename(folder, to: final)
        try Folder.synchronize(target)
        return final
    }

    private mutating func copyAll() throws {
        try copyState()
        try copyCheckpoints()
        try copyLake()
        try copyJournal()
    }

    /// Everything that has no place of its own: positions of sinks, records of jobs, counts of budgets.
    private mutating func copyState() throws {
        let places = [source.journal, source.lake.url].map { URL(filePath: $0).standardizedFileURL.path }
        for name in try Self.names(source.data).sorted() {
            let path = URL(filePath: "\(source.data)/\(name)").standardizedFileURL.path
            if ["checkpoints", "address"].contains(name) || name.hasSuffix(".lock") || name.hasSuffix(".spill") {
                continue
            }
            if places.contains(path) { continue }
            try copyTree(name)
        }
    }

    private mutating func copyTree(_ path: String) throws {
        if Folder.isFolder("\(source.data)/\(path)") {
            try Folder.create("\(folder)/\(path)")
            // What is restored compares targets with its own end.
            for name in try Self.names("\(source.data)/\(path)").sorted() where !name.hasSuffix(OpeningEnd.suffix) {
                try copyTree("\(path)/\(name)")
            }
        } else {
            // What is gone meanwhile was replaced, or is not needed any more.
            _ = try copy("\(source.data)/\(path)", path, isFixed: false)
        }
    }

    private mutating func copyCheckpoints() throws {
        try Folder.create("\(folder)/checkpoints")
        for name in try Self.names("\(source.data)/checkpoints").sorted() where name.hasSuffix(".checkpoint") {
            _ = try copy("\(source.data)/checkpoints/\(name)", "checkpoints/\(name)", isFixed: true)
        }
    }

    private mutating func copyLake() throws {
        guard source.lake.access == nil else { return }
        let lake = LakeFolder(source.lake)
        for name in try lake.tables() {
            let table = try lake.open(name)
            for path in table.files.map(\.relativePath) + (try table.sideFiles()) + (try table.logFiles()) {
                guard try copy("\(table.path)/\(path)", "lake/\(name)/\(path)", isFixed: true) else {
                    throw PipelineError("`\(table.path)/\(path)` is gone: was the lake cleaned meanwhile?")
                }
            }
        }
    }

    private mutating func copyJournal() throws {
        try Folder.create("\(folder)/journal")
        let segments = try Self.names(source.journal).filter { $0.hasSuffix(".journal") }.sorted()
        // The last one is still written; what tears there is cut at the next start, as after a crash. So was the last one of
        // the backup before: all others are as they were.
        let fixed = try earlier.map { try Self.names("\($0)/journal").sorted().dropLast() } ?? []
        var copied: [String] = []
        for name in segments {
            if try copy("\(source.journal)/\(name)", "journal/\(name)", isFixed: fixed.contains(name)) {
                copied.append(name)
                continue
            }
            // The journal lets go of its oldest segments only.
            for old in copied { try FileManager.default.removeItem(atPath: "\(folder)/journal/\(old)") }
            copied = []
        }
    }

    /// Copies a file, or links it from the backup before.
    ///
    /// - Parameter isFixed: whether a file of this name and size never changes.
    /// - Returns: false where it is gone.
    private mutating func copy(_ path: String, _ relative: String, isFixed: Bool) throws -> Bool {
        let place = "\(folder)/\(relative)"
        guard let status = try? Folder.status(path) else { return false }
        try Folder.create(String(place[..<(place.lastIndex(of: "/") ?? place.endIndex)]))
        report.files += 1
        report.bytes += status.bytes
        guard goesOn(report.bytes) else { throw JobStopped() }
        if isFixed, let earlier, let before = try? Folder.status("\(earlier)/\(relative)"),
            before.bytes == status.bytes,
            (try? FileManager.default.linkItem(atPath: "\(earlier)/\(relative)", toPath: place)) != nil
        {
            return true
        }
        do {
            try FileManager.default.copyItem(atPath: path, toPath: place)
        } catch {
            if !FileManager.default.fileExists(atPath: path) { return false }
            throw error
        }
        report.copiedBytes += status.bytes
        return true
    }
}
