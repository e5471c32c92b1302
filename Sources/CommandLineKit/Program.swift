internal import Platform

/// How a program ends.
public enum ExitCode: Int32, Sendable {
    case done = 0
    case failed = 1
    /// The command line does not fit.
    case usage = 2
    case interrupted = 130
}

/// Runs a command line from arguments to exit code.
public struct Program: Sendable {
    private let spec: CommandSpec
    private let output: @Sendable (String) -> Void
    private let errors: @Sendable (String) -> Void

    /// - Parameters:
    ///   - output: where help goes; standard output unless given.
    ///   - errors: where one line about what went wrong goes; standard error unless given.
    public init(
        _ spec: CommandSpec, output: @escaping @Sendable (String) -> Void = { Terminal.write($0, to: 1) },
        errors: @escaping @Sendable (String) -> Void = { Terminal.write($0, to: 2) }
    ) {
        self.spec = spec
        self.output = output
        self.errors = errors
    }

    /// Parses `arguments` (the program's own name left out) and runs `body` with the command.
    ///
    /// Help goes to standard output. Errors are written as `program: what, where, why; what to do`.
    public func run(_ arguments: [String], _ body: (ParsedCommand) throws -> ExitCode) -> ExitCode {
        do {
            switch try ArgumentParser(spec).parse(arguments) {
            case .help(let text):
                output(text + "\n")
                return .done
            case .command(let command): return try body(command)
            }
        } catch let error as UsageError {
            let command = ([spec.name] + error.command).joined(separator: " ")
            errors("\(spec.name): \(error)\nSee `\(command) --help`.\n")
            return .usage
        } catch {
            for line in "\(error)".split(separator: "\n") { errors("\(spec.name): \(line)\n") }
            return Interrupt.shared.isRequested ? .interrupted : .failed
        }
    }
}
