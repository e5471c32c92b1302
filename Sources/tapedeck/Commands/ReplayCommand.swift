internal import CommandLineKit
struct ReplayCommand: Command {
    static let spec = CommandSpec("replay", "x"); static func run(_ command: ParsedCommand) throws -> ExitCode { .done }
}
struct DemoCommand: Command {
    static let spec = CommandSpec("demo", "x"); static func run(_ command: ParsedCommand) throws -> ExitCode { .done }
}
