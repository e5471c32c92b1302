internal import CommandLineKit
internal import Lake
internal import Platform

/// What `tapedeck lake` does to tables.
enum LakeUpkeep {
    /// The table that is named, or all of Tapedeck and those of others that can be read here, and written; says which are left alone.
    private static func tables(
        _ lake: LakeFolder, _ command: ParsedCommand, forWriting: Bool = true
    ) throws -> [DeltaTable] {
        if let name = command.positional("TABLE") { return [try lake.open(name)] }
        let found = try lake.usableTables(forWriting: forWriting)
        for (name, reason) in found.others { Terminal.write("\(name): left alone: \(reason)\n", to: 1) }
        return found.tables
    }

    static func compact(_ lake: LakeFolder, _ command: ParsedCommand) throws -> ExitCode {
        var options = Compaction.Options()
        if let bytes = try command.value("target", form: "a size such as 256MiB", { SizeText.bytes($0) }) {
            options.targetBytes = max(1 << 20, bytes)
        }
        if let bytes = try command.value("memory", form: "a size such as 1GiB", { SizeText.bytes($0) }) {
            options.memoryBytes = max(64 << 20, bytes)
        }
        let from = try day("from", command)?.description, to = try day("to", command)?.description
        options.isWanted = { partition in
            guard let value = partition.split(separator: "=").last.map(String.init) else { return true }
            return from ?? value <= value && value <= to ?? value
        }
        // Tables of others are left alone unless one is named.
        let known = try tables(lake, command).filter { command.positional("TABLE") != nil || Compaction.isKnown($0) }
        let work = try known.map { table in
            let compaction = try Compaction(table, options)
            return (table, compaction, compaction.groups())
        }
        let total = work.reduce(Int64(0)) { $0 + $1.2.reduce(0) { $0 + $1.rows } }
        let bar = ProgressBar("Compacting", total: total, unit: "rows")
        var text = ""
        defer {
            bar.finish()
            Terminal.write(text, to: 1)
        }
        var done: Int64 = 0
        for (table, compaction, groups) in work where !groups.isEmpty {
            var report = (
                partitions: Set<String>(), files: 0, bytes: Int64(0), newFiles: 0, newBytes: Int64(0), outdated: 0
            )
            let watch = Stopwatch()
            for group in groups {
                report.partitions.insert(group.partition)
                report.files += group.files.count
                report.bytes += group.bytes
                if command.flag("dry-run") { continue }
                bar.setLabel("Compacting \(table.name) \(group.partition)")
                let outcome = try compaction.run(group) { rows in
                    done += rows
                    bar.update(completed: done)
                    return !Interrupt.shared.isRequested
                }
                guard let outcome else { return .interrupted }
                report.newFiles += outcome.files
                report.newBytes += outcome.bytes
                report.outdated += outcome.isOutdated ? 1 : 0
            }
            let before = "\(Humanized.grouped(Int64(report.files))) files of \(Humanized.bytes(report.bytes))"
            let places = report.partitions.count == 1 ? "1 partition" : "\(report.partitions.count) partitions"
            text +=
                command.flag("dry-run")
                ? "\(table.name): \(before) in \(places) would be compacted\n"
                : "\(table.name): \(before) in \(places) became \(report.newFiles) of "
                    + "\(Humanized.bytes(report.newBytes)) in \(Humanized.duration(nanoseconds: watch.elapsedNs))"
                    + (report.outdated > 0 ? "; \(report.outdated) were changed by others meanwhile, and left" : "")
                    + "\n"
        }
        if work.allSatisfy({ $0.2.isEmpty }) { text = "nothing to compact\n" }
        return .done
    }

    /// The day that an option names.
    static func day(_ name: String, _ command: ParsedCommand) throws -> CivilDate? {
        try command.value(name, form: "a date such as 2026-01-31") { CivilDate($0) }
    }

    static func vacuum(_ lake: LakeFolder, _ command: ParsedCommand) throws -> ExitCode {
        let retainNs =
            try command.value("retain", form: "a time such as 7d", { DurationText.nanoseconds($0) })
            ?? Vacuum.retentionNs
        guard retainNs >= 3_600_000_000_000 || command.flag("force") else {
            throw UsageError(
                "--retain: less than an hour can take files from queries that run, and from writers about to commit them",
                suggestion: "add --force where nobody else uses the lake")
        }
        for table in try tables(lake, command) {
            let report = try Vacuum(table, retentionNs: retainNs).run(removes: !command.flag("dry-run")) { _ in
                !Interrupt.shared.isRequested
            }
            let verb = command.flag("dry-run") ? "would go" : "removed"
            Terminal.write(
                "\(table.name): \(Humanized.grouped(Int64(report.files))) files of \(Humanized.bytes(report.bytes)) \(verb)"
                    + (report.logFiles > 0 ? ", and \(report.logFiles) files of the log" : "") + "\n", to: 1)
            if Interrupt.shared.isRequested { return .interrupted }
        }
        return .done
    }

    static func restore(_ lake: LakeFolder, _ command: ParsedCommand) throws -> ExitCode {
        guard
            let version = try command.value("to", form: "a version's number or a time", { TableVersion($0) })
        else {
            throw UsageError("--to is missing", suggestion: "`tapedeck lake history` lists the versions")
        }
        let table = try lake.open(command.positional("TABLE") ?? "")
        return show(try table.restore(version, commits: !command.flag("dry-run")), table)
    }

    static func expire(_ lake: LakeFolder, _ command: ParsedCommand) throws -> ExitCode {
        guard let day = try day("before", command)?.description else {
            throw UsageError("--before is missing", suggestion: "name the first day that stays, such as 2026-01-01")
        }
        let table = try lake.open(command.positional("TABLE") ?? "")
        return show(try table.expire(before: day, commits: !command.flag("dry-run")), table)
    }

    static func widen(_ lake: LakeFolder, _ command: ParsedCommand) throws -> ExitCode {
        let table = try lake.open(command.positional("TABLE") ?? "")
        let columns = try lake.widen(table, commits: !command.flag("dry-run"))
        let verb = command.flag("dry-run") ? "would become wider" : "became wider"
        Terminal.write(
            columns.isEmpty
                ? "\(table.name): nothing to do\n" : "\(table.name): \(columns.joined(separator: ", ")) \(verb)\n",
            to: 1)
        return .done
    }

    private static func show(_ change: DeltaTable.FileChange, _ table: DeltaTable) -> ExitCode {
        let rows = change.rowsRemoved.map { rows in
            rows < 0 ? ", \(Humanized.grouped(-rows)) rows more" : ", \(Humanized.grouped(rows)) rows less"
        }
        let files = "\(change.filesAdded) files come back, \(change.filesRemoved) go\(rows ?? "")"
        let result =
            change.version.map { "version \($0)" }
            ?? (change.filesAdded + change.filesRemoved == 0 ? "nothing to do" : "nothing was changed")
        Terminal.write("\(table.name): \(files): \(result)\n", to: 1)
        return .done
    }

    static func checkpoint(_ lake: LakeFolder, _ command: ParsedCommand) throws -> ExitCode {
        for table in try tables(lake, command) {
            let watch = Stopwatch()
            try table.checkpoint()
            Terminal.write(
                "\(table.name): checkpoint of version \(table.version), \(Humanized.grouped(Int64(table.files.count))) "
                    + "files, \(Humanized.duration(nanoseconds: watch.elapsedNs))\n", to: 1)
        }
        return .done
    }

    static func verify(_ lake: LakeFolder, _ command: ParsedCommand) throws -> ExitCode {
        let tables = try tables(lake, command, forWriting: false)
        let bar = ProgressBar(
            "Checking", total: tables.reduce(0) { $0 + $1.files.reduce(0) { $0 + $1.size } }, unit: "bytes")
        var text = ""
        defer {
            bar.finish()
            Terminal.write(text, to: 1)
        }
        var done: Int64 = 0
        var isWhole = true
        for table in tables {
            let report = try TableVerification(table).run(reads: !command.flag("quick")) { file in
                bar.setLabel("Checking \(table.name)")
                bar.update(completed: done)
                done += file.size
                return !Interrupt.shared.isRequested
            }
            if Interrupt.shared.isRequested { return .interrupted }
            for damage in report.damage { text += "damaged: \(damage)\n" }
            isWhole = isWhole && report.damage.isEmpty
            text +=
                "\(table.name): \(Humanized.grouped(Int64(report.files))) files, \(Humanized.grouped(report.rows)) rows, "
                + "\(Humanized.bytes(report.bytes)): "
                + (report.damage.isEmpty ? "whole" : "\(report.damage.count) damaged places") + "\n"
        }
        return isWhole ? .done : .failed
    }
}
