internal import CommandLineKit
internal import Orchestration
internal import Platform

/// `tapedeck feeds`: what is registered, with every option.
struct FeedsCommand: Command {
    static let spec = ComponentListing.spec("feeds", .feed, example: "finnhub")
    static func run(_ command: ParsedCommand) throws -> ExitCode { try ComponentListing.run(command, .feed) }
}

/// `tapedeck sinks`.
struct SinksCommand: Command {
    static let spec = ComponentListing.spec("sinks", .sink, example: "lake")
    static func run(_ command: ParsedCommand) throws -> ExitCode { try ComponentListing.run(command, .sink) }
}

/// `tapedeck indicators`.
struct IndicatorsCommand: Command {
    static let spec = ComponentListing.spec("indicators", .indicator, example: "rsi")
    static func run(_ command: ParsedCommand) throws -> ExitCode { try ComponentListing.run(command, .indicator) }
}

/// Lists components, or describes one, from the same specs as the reference pages.
private enum ComponentListing {
    static func spec(_ name: String, _ kind: ComponentKind, example: String) -> CommandSpec {
        CommandSpec(
            name, "List the \(name) that a pipeline can use, or describe one.",
            positionals: [.init("NAME", "the \(kind.rawValue) to describe", required: false)],
            examples: [
                .init("tapedeck \(name)", "list all"), .init("tapedeck \(name) \(example)", "describe `\(example)`"),
            ])
    }

    static func run(_ command: ParsedCommand, _ kind: ComponentKind) throws -> ExitCode {
        let specs = Registry.components[kind]
        guard let name = command.positional("NAME") else {
            var table = TextTable(["name", "what it is"])
            for spec in specs { table.add([spec.name, spec.summary]) }
            Terminal.write(table.text(), to: 1)
            return .done
        }
        guard let spec = specs.first(where: { $0.name == name }) else {
            throw UsageError(
                "there is no \(kind.rawValue) `\(name)`",
                suggestion: "registered are \(specs.map(\.name).joined(separator: ", "))", command: command.path)
        }
        Terminal.write(describe(spec), to: 1)
        return .done
    }

    private static func describe(_ spec: Spec) -> String {
        var text = "\(spec.name): \(spec.summary)\n"
        if !spec.options.isEmpty {
            var table = TextTable(["option", "type", "default", "what it is"])
            for option in spec.options {
                let choices = option.choices.isEmpty ? "" : " One of \(option.choices.joined(separator: ", "))."
                table.add([
                    option.name, option.kind.rawValue, option.defaultText ?? "(required)", option.summary + choices,
                ])
            }
            text += "\n" + table.text()
        }
        if !spec.example.isEmpty { text += "\nExample:\n\n\(spec.example)\n" }
        return text
    }
}
