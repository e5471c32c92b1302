import CommandLineKit
import Platform
import Synchronization
import Testing

struct ProgramTests {
    /// Collects what a program writes.
    final class Output: Sendable {
        let text = Mutex("")
        var write: @Sendable (String) -> Void { { text in self.text.withLock { $0 += text } } }
        var all: String { text.withLock { $0 } }
    }

    let output = Output()
    let errors = Output()

    func run(_ arguments: [String], _ body: (ParsedCommand) throws -> ExitCode = { _ in .done }) -> ExitCode {
        Program(ArgumentParserTests.spec, output: output.write, errors: errors.write).run(arguments, body)
    }

    @Test func `a command's own exit code is the program's`() {
        #expect(run(["replay", "f"]) == .done)
        #expect(run(["replay", "f"]) { _ in .interrupted } == .interrupted)
        #expect(errors.all.isEmpty)
        #expect(ExitCode.interrupted.rawValue == 130)
    }

    @Test func `help goes to standard output with exit code 0`() {
        #expect(run(["replay", "--help"]) == .done)
        #expect(output.all.hasPrefix("Plays recordings.\n"))
        #expect(errors.all.isEmpty)
    }

    @Test func `wrong usage exits with 2 and points to help`() {
        #expect(run(["replay", "f", "--sped"]) == .usage)
        #expect(
            errors.all == "tapedeck: unknown option `--sped`; did you mean `--speed`?\nSee `tapedeck replay --help`.\n")
        #expect(output.all.isEmpty)
    }

    @Test func `a failure exits with 1 and shows every error`() {
        let failure = ConfigErrors([ConfigError(line: 2, "second"), ConfigError(line: 1, "first", suggestion: "do")])
        #expect(run(["replay", "f"]) { _ in throw failure } == .failed)
        #expect(errors.all == "tapedeck: 1: first; do\ntapedeck: 2: second\n")
    }
}
