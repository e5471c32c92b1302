internal import CommandLineKit
internal import Foundation
internal import Lake
internal import Orchestration
internal import Platform

/// `tapedeck lake archive`: moves what is over into the archive.
enum LakeArchiving {
    static let spec = CommandSpec(
        "archive", "Move days that are over into the archive that the pipeline's file names.",
        discussion: """
            Each partition is sealed (few sorted files), copied, read back and compared, frames also with the journal; only then it is \
            taken out of the lake, and `lake vacuum` removes its files here. Queries see both. The pipeline may run meanwhile.
            """,
        positionals: [.init("TABLE", "these tables only", required: false, repeats: true)],
        options: [
            PipelineOptions.config, PipelineOptions.data,
            .init(flag: "dry-run", "say what is over, and move nothing"),
        ],
        examples: [
            .init("tapedeck lake archive --config crypto.yaml --dry-run", "what would move"),
            .init("tapedeck lake archive --config crypto.yaml trades", "one table"),
            .init("tapedeck lake ls --config crypto.yaml --archive", "what is there"),
        ])

    static func run(_ command: ParsedCommand) throws -> ExitCode {
        var overrides = PipelineConfiguration.Overrides()
        overrides.dataFolder = command.value("data")
        let configuration = try PipelineOptions.configuration(file: command.value("config"), overrides)
        let archive = try ArchiveRun(configuration)
        let names = command.positionals("TABLE")
        let candidates = try archive.candidates().filter { names.isEmpty || names.contains($0.table) }
        guard !candidates.isEmpty else {
            Terminal.write("nothing is over\n", to: 1)
            return .done
        }
        if command.flag("dry-run") {
            list(candidates)
            return .done
        }
        // Rows are read where they are, and where they came to.
        let total = candidates.reduce(Int64(0)) { $0 + ($1.partition.rows ?? 0) } * 2
        let bar = ProgressBar("Archiving", total: total, unit: "rows")
        defer { bar.finish() }
        var done: Int64 = 0
        var (count, rows, bytes, left) = (0, Int64(0), Int64(0), 0)
        for candidate in candidates {
            bar.setLabel("Archiving \(candidate.table) \(candidate.partition.value)")
            let outcome = try archive.move(candidate) { more in
                done += more
                bar.update(completed: min(done, total))
                return !Interrupt.shared.isRequested
            }
            guard let outcome else { return .interrupted }
            if outcome.isOutdated {
                left += 1
                continue
            }
            count += 1
            rows += outcome.rows
            bytes += outcome.bytes
        }
        bar.finish()
        Terminal.write(
            "\(count) partitions: \(Humanized.grouped(rows)) rows, \(Humanized.bytes(bytes))"
                + (left > 0 ? "; \(left) were changed by others meanwhile, and left" : "") + "\n", to: 1)
        return .done
    }

    private static func list(_ candidates: [ArchiveRun.Candidate]) {
        var table = TextTable(
            ["table", "partition", "files", "rows", "size"], alignments: [.left, .left, .right, .right, .right])
        for candidate in candidates {
            let partition = candidate.partition
            table.add([
                candidate.table, partition.value, "\(partition.files)",
                partition.rows.map { Humanized.grouped($0) } ?? "", Humanized.bytes(partition.bytes),
            ])
        }
        Terminal.write(table.text(), to: 1)
        let bytes = candidates.reduce(Int64(0)) { $0 + $1.partition.bytes }
        Terminal.write("\(candidates.count) partitions of \(Humanized.bytes(bytes)) would move\n", to: 1)
    }
}
