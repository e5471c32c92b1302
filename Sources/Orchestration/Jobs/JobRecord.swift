internal import Foundation
internal import Platform

/// What is kept of a job from start to start: `jobs/NAME.json` in the data folder.
public struct JobRecord: Codable, Sendable, Equatable {
    /// One run.
    public struct Run: Codable, Sendable, Equatable {
        /// Nanoseconds since 1970 UTC.
        public var startedNs: Int64
        public var endedNs: Int64
        /// `done`, `failed`, `timed out`, `stopped`.
        public var outcome: String
        /// What was done, or went wrong.
        public var summary: String
        /// 0 of the first attempt.
        public var attempt: Int
    }

    public var kind: String
    /// When it runs, in words.
    public var time: String
    /// The moment that was served last, in nanoseconds since 1970: later ones are due.
    public var servedNs: Int64
    /// The next moment; nil where it runs after others.
    public var nextNs: Int64?
    /// The latest runs, the newest last.
    public var runs: [Run] = []
    /// How far the tables were when it was done last, by table.
    public var rows: [String: Int64] = [:]
    /// When a run began that has not ended.
    public var runningNs: Int64?
    /// Failures since it was done last, or gave up.
    public var failures = 0
    /// Before then it is not tried again.
    public var retryNs: Int64?

    static let runsMax = 200

    /// When it was last done; nil where never.
    public var doneNs: Int64? { runs.last { $0.outcome == "done" }?.endedNs }

    /// `running`, `paused`, `failing` or `waiting`.
    public func state(isPaused: Bool) -> String {
        if runningNs != nil { return "running" }
        if isPaused { return "paused" }
        return ["failed", "timed out"].contains(runs.last?.outcome) ? "failing" : "waiting"
    }

    mutating func add(_ run: Run) {
        runs.append(run)
        if runs.count > Self.runsMax { runs.removeFirst(runs.count - Self.runsMax) }
        runningNs = nil
    }
}

/// The folder of records, logs and wishes of a pipeline's jobs.
///
/// A wish is an empty file: `NAME.paused` holds a job back, `NAME.wanted` has it run now. So commands need neither a running program nor
/// its interface.
public struct JobFolder: Sendable {
    /// The folder itself.
    public let path: String
    private static let logBytesMax: Int64 = 1 << 20

    /// - Parameter data: data folder of the pipeline.
    public init(data: String) { path = data + "/jobs" }

    /// Names of jobs with a record.
    public func names() -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).filter { $0.hasSuffix(".json") }.map {
            String($0.dropLast(5))
        }.sorted()
    }

    /// The record of a job; nil where there is none that can be read.
    public func record(_ name: String) -> JobRecord? {
        guard let data = FileManager.default.contents(atPath: "\(path)/\(name).json") else { return nil }
        return try? JSONDecoder().decode(JobRecord.self, from: data)
    }

    func save(_ record: JobRecord, _ name: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        try Folder.create(path)
        try File.replace("\(path)/\(name).json", with: Array(encoder.encode(record)))
    }

    /// Removes what belongs to jobs that the pipeline no longer has.
    func keep(only names: [String]) {
        for name in self.names() where !names.contains(name) {
            for ending in [".json", ".paused", ".wanted"] {
                try? FileManager.default.removeItem(atPath: "\(path)/\(name)\(ending)")
            }
        }
    }

    public func isPaused(_ name: String) -> Bool { has(name, "paused") }
    func isWanted(_ name: String) -> Bool { has(name, "wanted") }

    /// Holds a job back, or lets it go on.
    public func setPaused(_ name: String, _ isPaused: Bool) throws { try set(name, "paused", isPaused) }
    /// Has a job run now.
    public func setWanted(_ name: String, _ isWanted: Bool) throws { try set(name, "wanted", isWanted) }

    private func has(_ name: String, _ wish: String) -> Bool {
        FileManager.default.fileExists(atPath: "\(path)/\(name).\(wish)")
    }

    private func set(_ name: String, _ wish: String, _ isSet: Bool) throws {
        let file = "\(path)/\(name).\(wish)"
        if isSet {
            try Data().write(to: URL(filePath: file))
        } else if FileManager.default.fileExists(atPath: file) {
            try FileManager.default.removeItem(atPath: file)
        }
    }

    /// The file of a job's log.
    public func logPath(_ name: String) -> String { "\(path)/\(name).log" }

    /// Appends lines to a job's log; beyond a megabyte the older half goes to `NAME.log.1`.
    func log(_ name: String, _ text: String) {
        let file = logPath(name)
        if let size = try? FileManager.default.attributesOfItem(atPath: file)[.size] as? NSNumber,
            size.int64Value > Self.logBytesMax
        {
            try? FileManager.default.removeItem(atPath: file + ".1")
            try? FileManager.default.moveItem(atPath: file, toPath: file + ".1")
        }
        if !FileManager.default.fileExists(atPath: file) { try? Data().write(to: URL(filePath: file)) }
        guard let handle = FileHandle(forWritingAtPath: file) else { return }
        defer { try? handle.close() }
        _ = try? handle.seekToEnd()
        let time = Timestamp.now().description
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            try? handle.write(contentsOf: Data("\(time) \(line)\n".utf8))
        }
    }
}
