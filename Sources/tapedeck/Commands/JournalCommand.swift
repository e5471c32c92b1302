internal import CommandLineKit
internal import Journaling
internal import Platform

/// `tapedeck journal`: looks into a journal, also of a running pipeline.
struct JournalCommand: Command {
    private static let path = CommandSpec.Positional("FOLDER", "the journal, for example data/journal")

    static let spec = CommandSpec(
        "journal", "Look into a journal: what it holds, whether it is whole, its records.",
        subcommands: [
            CommandSpec(
                "info", "Segments, offsets, sizes and times.", positionals: [path],
                examples: [.init("tapedeck journal info data/journal", "what is there")]),
            CommandSpec(
                "verify", "Check every checksum.", positionals: [path],
                examples: [.init("tapedeck journal verify data/journal", "exit code 1 where something is damaged")]),
            CommandSpec(
                "dump", "Write records as text: offset, kind, feed, receive time, payload.", positionals: [path],
                options: [
                    .init("from", "OFFSET", "first offset; the oldest unless given"),
                    .init("limit", "COUNT", "records at most"),
                    .init(flag: "json", "one JSON object per line"),
                ],
                examples: [.init("tapedeck journal dump data/journal --from 1000 --limit 5", "five records")]),
        ])

    static func run(_ command: ParsedCommand) throws -> ExitCode {
        let folder = command.positional("FOLDER") ?? ""
        switch command.path.last {
        case "info":
            show(try JournalInspector.info(path: folder))
            return .done
        case "verify":
            let report = try JournalInspector.verify(path: folder)
            for damage in report.damage { Terminal.write("damaged: \(damage)\n", to: 1) }
            let text = report.isWhole ? "whole" : "\(report.damage.count) damaged places"
            Terminal.write(
                "\(Humanized.grouped(report.records)) records in \(report.segments.count) segments: \(text)\n", to: 1)
            return report.isWhole ? .done : .failed
        default: return try dump(command, folder)
        }
    }

    private static func show(_ report: JournalReport) {
        var table = TextTable(["segment", "offsets", "records", "size", "ratio", "from", "to"])
        for segment in report.segments {
            table.add([
                String(segment.path.split(separator: "/").last ?? ""), "\(segment.firstOffset)–\(segment.endOffset)",
                Humanized.grouped(segment.records), Humanized.bytes(segment.fileBytes),
                segment.compressionRatio.map { Humanized.decimal($0, places: 2) } ?? "",
                segment.earliest?.description ?? "", segment.latest?.description ?? "",
            ])
        }
        Terminal.write(table.text(), to: 1)
        Terminal.write(
            "\(Humanized.grouped(report.records)) records, \(Humanized.bytes(report.fileBytes)), feeds: "
                + report.feeds.joined(separator: ", ") + "\n", to: 1)
        for file in report.tornFiles { Terminal.write("cut from a torn end: \(file)\n", to: 1) }
        for damage in report.damage { Terminal.write("damaged: \(damage)\n", to: 1) }
    }

    private static func dump(_ command: ParsedCommand, _ folder: String) throws -> ExitCode {
        let from = try command.value("from", form: "an offset such as 1000") { Offset($0) }
        let limit = try command.value("limit", form: "a count such as 10") { Int($0) }
        let asJSON = command.flag("json")
        try JournalInspector.dump(path: folder, from: from, limit: limit) { record, feed in
            if Interrupt.shared.isRequested { throw Interrupted() }
            let text = record.payloadText
            Terminal.write(
                asJSON
                    ? "{\"offset\":\(record.offset),\"kind\":\"\(record.kind)\",\"feed\":\(JSONText.quoted(feed)),"
                        + "\"ingest_time\":\"\(record.ingestTime)\",\"payload\":\(JSONText.quoted(text))}\n"
                    : "\(record.offset)\t\(record.kind)\t\(feed)\t\(record.ingestTime)\t\(text)\n", to: 1)
        }
        return .done
    }

    private struct Interrupted: Error, CustomStringConvertible { let description = "interrupted" }
}
