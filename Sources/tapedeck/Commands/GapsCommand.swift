internal import CommandLineKit
internal import Databases
internal import Market
internal import Platform

/// `tapedeck gaps`: what was not received, and what was fetched afterwards.
struct GapsCommand: Command {
    static let spec = CommandSpec(
        "gaps", "Show what was not received: disconnections, missing trades, silences, and what filled them.",
        discussion: """
            Reads the table `coverage`, of the pipeline that runs on the data folder or else of its lake. Times are UTC. \
            docs/gaps.md says how each kind is found.
            """,
        options: [
            PipelineOptions.data, .init("feed", "NAME", "of this feed only"),
            .init("instrument", "VENUE:SYMBOL", "of this instrument, and what concerned its whole feed"),
            .init("from", "TIME", "from this moment on, for example 2026-01-31 or 2026-01-31T09:30:00Z"),
            .init("to", "TIME", "up to this moment"), .init(flag: "all", "connections too, not only what is missing"),
            .init("limit", "ROWS", default: "1000", "latest rows at most"),
            .init(flag: "json", "one JSON object per row, durations in nanoseconds"),
        ],
        examples: [
            .init("tapedeck gaps", "everything that is missing"),
            .init("tapedeck gaps --instrument BINANCE:BTCUSDT --from 2026-01-31", "one instrument since a day"),
            .init("tapedeck gaps --feed binance --all --json", "for a program, connections included"),
        ])

    static func run(_ command: ParsedCommand) throws -> ExitCode {
        let limit = try command.value("limit", form: "a number of rows") { Int($0) } ?? 1000
        guard (1...100_000).contains(limit) else {
            throw UsageError("--limit \(limit) is out of range", suggestion: "write a number from 1 to 100000")
        }
        let answer = try TableAnswer.ask(try sql(command, limit: limit), command.value("data") ?? "data", limit: limit)
        if command.flag("json") {
            for row in answer.rows {
                let members = zip(answer.columns, row).map { "\(JSONText.quoted($0)):\($1.json)" }
                Terminal.write("{" + members.joined(separator: ",") + "}\n", to: 1)
            }
            return .done
        }
        show(answer)
        return .done
    }

    private static let columns = [
        "feed", "instrument", "kind", "from_ns", "to_ns", "duration_ns", "ongoing", "missing", "first_id", "last_id",
        "detail",
    ]

    private static func sql(_ command: ParsedCommand, limit: Int) throws -> String {
        var conditions = ["TRUE"]
        if !command.flag("all") { conditions.append("kind <> 'connection'") }
        if let feed = command.value("feed") { conditions.append("feed = \(SQLText.literal(feed))") }
        if let text = command.value("instrument") {
            let instrument = Instrument(text)
            let own = "venue = \(SQLText.literal(instrument.venue)) AND symbol = \(SQLText.literal(instrument.symbol))"
            conditions.append(
                "((\(own)) OR (symbol IS NULL AND feed IN (SELECT feed FROM coverage WHERE \(own))))")
        }
        let form = "a moment such as 2026-01-31T09:30:00Z"
        if let from = try command.value("from", form: form, { Timestamp(rfc3339: $0) }) {
            conditions.append("to_ns > \(from.nanoseconds)")
        }
        if let to = try command.value("to", form: form, { Timestamp(rfc3339: $0) }) {
            conditions.append("from_ns < \(to.nanoseconds)")
            conditions.append("month <= DATE '\(TablePartition.month.firstDay(ofNs: to.nanoseconds))'")
        }
        return """
            SELECT * FROM (SELECT feed, CASE WHEN venue = '' THEN symbol ELSE venue || ':' || symbol END AS instrument, kind,
            from_ns, to_ns, to_ns - from_ns AS duration_ns, ongoing, missing, first_id, last_id, detail
            FROM coverage WHERE \(conditions.joined(separator: " AND ")) ORDER BY from_ns DESC, to_ns DESC LIMIT \(limit))
            ORDER BY from_ns, to_ns
            """
    }

    private static func show(_ answer: TableAnswer) {
        var table = TextTable(
            ["from", "lasted", "kind", "feed", "instrument", "missing", "numbers", "detail"],
            alignments: [.left, .right, .left, .left, .left, .right, .left, .left])
        var sums: [String: (count: Int64, ns: Int64, missing: Int64)] = [:]
        for row in answer.rows {
            let cell = Dictionary(uniqueKeysWithValues: zip(columns, row))
            func integer(_ name: String) -> Int64? {
                if case .integer(let value)? = cell[name] { value } else { nil }
            }
            func text(_ name: String) -> String { cell[name].map { $0 == .null ? "" : $0.text } ?? "" }
            let (from, lasted, missing) = (integer("from_ns") ?? 0, integer("duration_ns") ?? 0, integer("missing"))
            let numbers = integer("first_id").map { first in
                integer("last_id").map { $0 == first ? "\(first)" : "\(first)–\($0)" } ?? "\(first)"
            }
            let goesOn = cell["ongoing"] == .boolean(true) ? " so far" : ""
            let kind = text("kind")
            table.add([
                Timestamp(nanoseconds: from / 1_000_000 * 1_000_000).description,
                Humanized.duration(nanoseconds: lasted) + goesOn, kind.replacing("_", with: " "), text("feed"),
                text("instrument"), missing.map(Humanized.grouped) ?? "", numbers ?? "", text("detail"),
            ])
            let sum = sums[kind] ?? (0, 0, 0)
            sums[kind] = (sum.count + 1, sum.ns &+ lasted, sum.missing &+ (missing ?? 0))
        }
        if !answer.rows.isEmpty {
            Terminal.write(table.text(width: Terminal.output.isInteractive ? Terminal.output.width() : nil), to: 1)
        }
        Terminal.write(summary(sums) + "\n", to: 1)
    }

    private static func summary(_ sums: [String: (count: Int64, ns: Int64, missing: Int64)]) -> String {
        if sums.isEmpty { return "nothing is known to be missing" }
        let texts: [(kind: String, one: String, many: String)] = [
            ("connection", "connection", "connections"), ("disconnected", "disconnection", "disconnections"),
            ("silence", "silence", "silences"), ("sequence_gap", "sequence gap", "sequence gaps"),
            ("backfill", "backfill", "backfills"),
        ]
        return texts.compactMap { kind, one, many in
            guard let sum = sums[kind] else { return nil }
            let name = "\(Humanized.grouped(sum.count)) \(sum.count == 1 ? one : many)"
            let what =
                sum.missing > 0
                ? "\(Humanized.grouped(sum.missing)) trades" : Humanized.duration(nanoseconds: sum.ns)
            return "\(name) (\(what))"
        }.joined(separator: ", ")
    }
}
