internal import CommandLineKit
internal import Foundation
internal import Orchestration

/// `tapedeck reference`: the reference pages, from the same source as checks and help.
struct ReferenceCommand: Command {
    static let spec = CommandSpec(
        "reference",
        "Write the reference pages of configuration, components and tables, and the Avro schemas of tables.",
        positionals: [.init("FOLDER", "where to write them", required: false)],
        options: [.init(flag: "check", "write nothing; exit code 1 where a page is not up to date")],
        examples: [.init("tapedeck reference docs/reference", "what the documentation holds")])

    static func run(_ command: ParsedCommand) throws -> ExitCode {
        let folder = command.positional("FOLDER") ?? "docs/reference"
        var isCurrent = true
        for page in ReferencePage.all(Registry.components) {
            let path = folder + "/" + page.path
            let known = try? String(contentsOfFile: path, encoding: .utf8)
            guard known != page.text else { continue }
            isCurrent = false
            if command.flag("check") {
                Terminal.write("\(path) is not up to date; run `tapedeck reference \(folder)`\n", to: 2)
            } else {
                let url = URL(filePath: path)
                try FileManager.default.createDirectory(
                    at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
                try Data(page.text.utf8).write(to: url)
                Terminal.write("wrote \(path)\n", to: 1)
            }
        }
        return isCurrent || !command.flag("check") ? .done : .failed
    }
}
