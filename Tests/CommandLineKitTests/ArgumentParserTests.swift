import CommandLineKit
import Testing

struct ArgumentParserTests {
    static let spec = CommandSpec(
        "tapedeck", "Record, replay and play live markets.",
        subcommands: [
            CommandSpec(
                "replay", "Plays recordings.", discussion: "Through the same path as live data.",
                positionals: [CommandSpec.Positional("FILE", "A recording.", repeats: true)],
                options: [
                    .init("speed", "SPEED", default: "max", "How fast."),
                    .init("format", "FORMAT", default: "auto", choices: ["auto", "csv", "frames"], "How to read it."),
                    .init("set", "KEY=VALUE", repeats: true, "An option of the feed."),
                    .init(flag: "json", "One object at the end."),
                ], examples: [.init("tapedeck replay day.csv.gz --speed 60x", "An hour in a minute.")]),
            CommandSpec(
                "journal", "Looks into a journal.",
                subcommands: [
                    CommandSpec("info", "Shows sizes.", positionals: [.init("PATH", "Its folder.", required: false)]),
                    CommandSpec("verify", "Checks every record."),
                ]),
        ])

    @Test(arguments: [
        ["replay", "a.csv", "b.csv", "--speed", "60x", "--json", "--set", "x=1", "--set=y=2"],
        ["replay", "--json", "--speed=60x", "a.csv", "--set", "x=1", "--set", "y=2", "b.csv"],
        ["replay", "--json", "--speed=60x", "--set=x=1", "--set", "y=2", "--", "a.csv", "b.csv"],
    ])
    func `order and form of options do not matter`(arguments: [String]) throws {
        let command = try Self.command(arguments)
        #expect(command.path == ["replay"])
        #expect(command.positionals("FILE") == ["a.csv", "b.csv"])
        #expect(command.value("speed") == "60x")
        #expect(command.values("set") == ["x=1", "y=2"])
        #expect(command.flag("json"))
        #expect(command.value("format") == "auto")
        #expect(!command.isGiven("format"))
    }

    @Test func `subcommands nest`() throws {
        #expect(try Self.command(["journal", "info"]).positional("PATH") == nil)
        #expect(try Self.command(["journal", "info", "data"]).positional("PATH") == "data")
        #expect(try Self.command(["journal", "verify"]).path == ["journal", "verify"])
    }

    @Test func `behind two hyphens everything is a positional`() throws {
        #expect(try Self.command(["replay", "--", "--speed", "-x"]).positionals("FILE") == ["--speed", "-x"])
    }

    static let wrong: [([String], String)] = [
        ([], "no command; write one of `replay`, `journal`"),
        (["repaly"], "unknown command `repaly`; did you mean `replay`?"),
        (["--verbose"], "unknown option `--verbose`; known: `replay`, `journal`"),
        (["journal", "x"], "unknown command `x`; known: `info`, `verify`"),
        (["replay"], "FILE is missing; add it: A recording."),
        (["replay", "f", "--sped", "1"], "unknown option `--sped`; did you mean `--speed`?"),
        (["replay", "f", "--speed"], "`--speed` lacks its value; write `--speed SPEED`"),
        (["replay", "f", "--speed", "--json"], "`--speed` lacks its value; write `--speed SPEED`"),
        (["replay", "f", "--json=1"], "`--json` takes no value; write `--json` alone"),
        (["replay", "f", "--format", "cvs"], "`cvs` is no choice for `--format`; did you mean `csv`?"),
        (["replay", "f", "--speed", "1", "--speed", "2"], "`--speed` is given twice; keep one"),
        (["replay", "f", "-json"], "unknown option `-json`; write `--json`"),
        (["journal", "info", "a", "b"], "`b` is one argument too many; quote arguments that contain spaces"),
    ]

    @Test(arguments: wrong)
    func `what does not fit is refused with a suggestion`(arguments: [String], message: String) {
        let error = #expect(throws: UsageError.self) { try ArgumentParser(Self.spec).parse(arguments) }
        #expect(error?.description == message)
    }

    @Test func `a value is read as something else or refused`() throws {
        let command = try Self.command(["replay", "f", "--speed", "fast"])
        let error = #expect(throws: UsageError.self) {
            try command.value("speed", form: "`60x` or `max`") { $0 == "max" ? 0 : nil }
        }
        #expect(error?.description == "`fast` is no value for --speed; write `60x` or `max`")
    }

    @Test(arguments: [["replay", "--help"], ["replay", "f", "-h"], ["help", "replay"]])
    func `help is made from the spec`(arguments: [String]) throws {
        guard case .help(let text) = try ArgumentParser(Self.spec).parse(arguments) else {
            Issue.record("no help")
            return
        }
        #expect(
            text == """
                Plays recordings.

                Usage: tapedeck replay FILE … [options]

                Through the same path as live data.

                Arguments:
                  FILE  A recording.

                Options:
                  --speed SPEED    How fast. (default max)
                  --format FORMAT  How to read it. (auto, csv, frames; default auto)
                  --set KEY=VALUE  An option of the feed. (may be repeated)
                  --json           One object at the end.
                  --help           Show this.

                Examples:
                  tapedeck replay day.csv.gz --speed 60x
                      An hour in a minute.
                """)
    }

    @Test(arguments: [["--help"], ["-h"], ["help"], ["journal", "--help"]])
    func `help of a group lists its commands`(arguments: [String]) throws {
        guard case .help(let text) = try ArgumentParser(Self.spec).parse(arguments) else {
            Issue.record("no help")
            return
        }
        let names = arguments.first == "journal" ? ["info", "verify"] : ["replay", "journal"]
        for name in names { #expect(text.contains("\n  \(name)")) }
    }

    private static func command(_ arguments: [String]) throws -> ParsedCommand {
        guard case .command(let command) = try ArgumentParser(spec).parse(arguments) else {
            throw UsageError("help instead of a command")
        }
        return command
    }
}
