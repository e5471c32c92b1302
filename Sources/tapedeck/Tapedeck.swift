internal import CommandLineKit
internal import Foundation
internal import Platform

/// A subcommand: one file each.
protocol Command: Sendable {
    static var spec: CommandSpec { get }
    static func run(_ command: ParsedCommand) throws -> ExitCode
}

@main
struct Tapedeck {
    /// All subcommands, in the order in which `--help` lists them.
    static let commands: [any Command.Type] = [
        DemoCommand.self, ReplayCommand.self, RunCommand.self, CheckCommand.self, VerifyCommand.self,
        BudgetCommand.self,
        RecoverCommand.self, SQLCommand.self,
        GapsCommand.self, JournalCommand.self, LakeCommand.self, JobsCommand.self, BackupCommand.self,
        CalendarsCommand.self,
        MT5Command.self,
        FeedsCommand.self,
        SinksCommand.self, IndicatorsCommand.self, BenchCommand.self, DoctorCommand.self, ReferenceCommand.self,
    ]

    static let spec = CommandSpec(
        "tapedeck", "Record, replay and play live markets.",
        discussion: """
            Every message is journaled before anything else touches it, becomes typed tables, bars and indicators as it \
            arrives, is stored once, and is shown live. Start with `tapedeck demo`.
            """,
        subcommands: commands.map { $0.spec },
        examples: [
            .init("tapedeck demo", "a simulated market, live at http://127.0.0.1:8080"),
            .init("tapedeck replay recordings/", "recorded data through the same path"),
            .init("tapedeck sql \"SELECT * FROM bars LIMIT 5\"", "ask what is stored"),
        ])

    static func main() {
        ProcessMemory.returnLargeBlocks()
        do {
            try Interrupt.shared.install()
        } catch {
            Terminal.write("tapedeck: \(error)\n", to: 2)
            exit(ExitCode.failed.rawValue)
        }
        let code = Program(spec).run(Array(CommandLine.arguments.dropFirst())) { command in
            guard let name = command.path.first, let type = commands.first(where: { $0.spec.name == name }) else {
                return .usage
            }
            return try type.run(command)
        }
        exit(code.rawValue)
    }
}
