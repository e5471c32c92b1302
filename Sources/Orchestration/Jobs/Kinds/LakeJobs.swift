internal import Lake
internal import Platform

/// The tables of a lake that a job looks after: those that are named, or all but those of others that cannot be read here, or written.
private func tables(_ names: [String], _ context: JobContext, forWriting: Bool = true) throws -> [DeltaTable] {
    let lake = LakeFolder(context.lake)
    guard names.isEmpty else { return try names.map { try lake.open($0) } }
    let found = try lake.usableTables(forWriting: forWriting)
    for (name, reason) in found.others { context.log("\(name): left alone: \(reason)") }
    return found.tables
}

private let tablesOption = Spec.Option.list("tables", default: "", "Tables; all of them unless given.")

/// Puts small files together.
struct CompactJob: Job {
    static let spec = Spec(
        "compact", "Makes few large files of many small ones; see docs/lake.md.",
        options: [
            tablesOption,
            .bytes("target", default: "256MiB", "About how large a file becomes."),
            .integer("files", default: "8", "Small files of a partition from which on they are put together."),
            .bytes("memory", default: "1GiB", "Memory for rows, about; larger partitions are read several times."),
        ],
        example: """
            jobs:
              - compact: { every: 1h }
            """)

    private let names: [String]
    private let targetBytes: Int64
    private let filesMin: Int
    private let memoryBytes: Int64

    init(_ options: Options) throws(ConfigError) {
        names = options.list("tables")
        targetBytes = max(1 << 20, options.bytes("target"))
        filesMin = Int(max(2, min(1_000_000, options.integer("files"))))
        memoryBytes = max(64 << 20, options.bytes("memory"))
    }

    func run(_ context: JobContext) throws -> String {
        var options = Compaction.Options()
        options.targetBytes = targetBytes
        options.filesMin = filesMin
        options.memoryBytes = memoryBytes
        var before = 0, after = 0
        for table in try tables(names, context) where !names.isEmpty || Compaction.isKnown(table) {
            let compaction = try Compaction(table, options)
            for group in compaction.groups() {
                guard let outcome = try compaction.run(group, { _ in context.goesOn() }) else { throw JobStopped() }
                if outcome.isOutdated {
                    context.log("\(table.name) \(group.partition): changed by others meanwhile, and left")
                    continue
                }
                context.log("\(table.name) \(group.partition): \(group.files.count) files became \(outcome.files)")
                before += group.files.count
                after += outcome.files
            }
            guard context.goesOn() else { throw JobStopped() }
        }
        return before == 0 ? "nothing to compact" : "\(before) files became \(after)"
    }
}

/// Removes files that nobody needs.
struct VacuumJob: Job {
    static let spec = Spec(
        "vacuum", "Removes files that no kept version needs; see docs/lake.md.",
        options: [
            tablesOption,
            .duration("retain", default: "7d", "For how long earlier versions can be read; at least 1h."),
        ],
        example: """
            jobs:
              - vacuum: { cron: "30 3 * * *", retain: 7d }
            """)

    private let names: [String]
    private let retainNs: Int64

    init(_ options: Options) throws(ConfigError) {
        names = options.list("tables")
        retainNs = options.durationNs("retain")
        guard retainNs >= 3_600_000_000_000 else {
            throw options.error(
                "retain", "less than an hour can take files from queries that run", suggestion: "write `7d`")
        }
    }

    func run(_ context: JobContext) throws -> String {
        var files = 0
        var bytes: Int64 = 0
        for table in try tables(names, context) {
            let report = try Vacuum(table, retentionNs: retainNs).run { _ in context.goesOn() }
            files += report.files
            bytes += report.bytes
            guard context.goesOn() else { throw JobStopped() }
        }
        return "\(files) files of \(bytes) bytes removed"
    }
}

/// Lets go of old partitions.
struct ExpireJob: Job {
    static let spec = Spec(
        "expire", "Lets go of partitions that are older than a time; vacuum removes their files later.",
        options: [
            .list("tables", "Tables."), .duration("keep", "How old rows become, in whole days."),
        ],
        example: """
            jobs:
              - expire: { tables: [frames], keep: 90d, cron: "0 3 * * *" }
            """)

    private let names: [String]
    private let keepDays: Int64

    init(_ options: Options) throws(ConfigError) {
        names = options.list("tables")
        keepDays = options.durationNs("keep") / 86_400_000_000_000
        guard keepDays >= 1 else {
            throw options.error("keep", "less than a day", suggestion: "write `90d`")
        }
    }

    func run(_ context: JobContext) throws -> String {
        let today = Timestamp.now().nanoseconds / 86_400_000_000_000
        let day = "\(CivilDate(daysSinceEpoch: today - keepDays))"
        var files = 0
        for table in try tables(names, context) {
            let change = try table.expire(before: day)
            files += change.filesRemoved
            if change.filesRemoved > 0 {
                context.log("\(table.name): \(change.filesRemoved) files from before \(day) let go of")
            }
        }
        return files == 0 ? "nothing from before \(day)" : "\(files) files from before \(day) let go of"
    }
}

/// Checks files.
struct VerifyJob: Job {
    static let spec = Spec(
        "verify", "Reads every file of the lake and compares it with the log; fails where something is damaged.",
        options: [tablesOption],
        example: """
            jobs:
              - verify: { cron: "0 5 * * sun", timeout: 6h }
            """)

    private let names: [String]

    init(_ options: Options) throws(ConfigError) { names = options.list("tables") }

    func run(_ context: JobContext) throws -> String {
        var files = 0
        var damage: [String] = []
        for table in try tables(names, context, forWriting: false) {
            let report = try TableVerification(table).run(reads: true) { _ in context.goesOn() }
            files += report.files
            damage += report.damage
            guard context.goesOn() else { throw JobStopped() }
        }
        damage.forEach { context.log("damaged: \($0)") }
        guard let first = damage.first else { return "\(files) files are whole" }
        throw JobError(description: "\(damage.count) damaged places, the first: \(first)")
    }
}
