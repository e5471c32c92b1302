internal import CommandLineKit
internal import Feeds
internal import Foundation
internal import Platform

/// `tapedeck mt5`: looks at what a MetaTrader 5 bridge sends.
struct MT5Command: Command {
    static let spec = CommandSpec(
        "mt5", "Look at what a MetaTrader 5 bridge sends.",
        subcommands: [
            CommandSpec(
                "watch", "Connect to a bridge and show every tick, position and deal until Ctrl-C.",
                discussion: """
                    Nothing is stored, and what a running feed has acknowledged is not touched. The bridge's token is read \
                    from the environment variable BRIDGE_TOKEN. Without --symbols only positions and deals are shown.
                    """,
                positionals: [.init("URL", "the bridge, for example ws://127.0.0.1:8765")],
                options: [
                    .init("symbols", "LIST", "symbols as the terminal names them, with commas"),
                    .init("history", "SPAN", default: "0s", "how far back to begin"),
                    .init(flag: "no-account", "no positions and deals"),
                    .init("authorities", "FILE", "PEM file of the only certificate authorities to trust"),
                    .init(flag: "json", "messages as they come, one per line"),
                ],
                examples: [
                    .init(
                        "tapedeck mt5 watch ws://127.0.0.1:8765 --symbols EURUSD,XAUUSD",
                        "ticks of two symbols, and trades"),
                    .init("tapedeck mt5 watch ws://127.0.0.1:8765 --json", "positions and deals as JSON"),
                    .init(
                        "BRIDGE_TOKEN=… tapedeck mt5 watch wss://terminal.example:8765 --symbols EURUSD --history 1h",
                        "the last hour and what follows"),
                ])
        ])

    static func run(_ command: ParsedCommand) throws -> ExitCode {
        let historyNs = try command.value("history", form: DurationText.form) { DurationText.nanoseconds($0) } ?? 0
        let symbols = (command.value("symbols") ?? "").split(separator: ",").map { String($0) }
        guard !symbols.isEmpty || !command.flag("no-account") else {
            throw UsageError(
                "nothing to watch: no symbols and no account", suggestion: "add `--symbols EURUSD`",
                command: command.path)
        }
        let watch = try MT5Watch(
            url: command.positional("URL") ?? "", token: ProcessInfo.processInfo.environment["BRIDGE_TOKEN"],
            authorityFile: command.value("authorities"), symbols: symbols, wantsAccount: !command.flag("no-account"),
            historySeconds: historyNs / 1_000_000_000)
        let asJSON = command.flag("json")
        try watch.run(isCancelled: { Interrupt.shared.isRequested }) { message in
            if asJSON {
                Terminal.write(message + "\n", to: 1)
            } else {
                for line in MT5Text.lines(message) { Terminal.write(line + "\n", to: 1) }
            }
        }
        return .done
    }
}
