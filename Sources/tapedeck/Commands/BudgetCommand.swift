internal import CommandLineKit
internal import Orchestration
internal import Platform
internal import Serving

/// `tapedeck budget`: what sinks took this month, and what the month will cost.
struct BudgetCommand: Command {
    static let spec = CommandSpec(
        "budget", "Show what sinks took this month of their targets, what it costs, and what the month will cost.",
        discussion: """
            Reads what the pipeline counted in its data folder; it may run, and saves its counts every ten seconds. Months are \
            those of UTC. Costs are in US dollars by the published prices, or by those of the budget; what is predicted goes \
            on at the pace of the last 24 hours. Limits stand in the section `budgets` of the pipeline's file.
            """,
        positionals: [.init("PIPELINE", "the pipeline's YAML file")],
        options: [PipelineOptions.data, .init(flag: "json", "one JSON object per sink")],
        examples: [.init("tapedeck budget pipelines/mt5-bigquery.yaml", "what this month costs")])

    static func run(_ command: ParsedCommand) throws -> ExitCode {
        var overrides = PipelineConfiguration.Overrides()
        overrides.dataFolder = command.value("data")
        let configuration = try PipelineOptions.configuration(file: command.positional("PIPELINE"), overrides)
        let lines = BudgetReport.lines(configuration)
        if command.flag("json") {
            lines.forEach(writeJSON)
            return .done
        }
        guard !lines.isEmpty else {
            Terminal.write("This pipeline has no sinks beside the lake.\n", to: 1)
            return .done
        }
        show(lines)
        return .done
    }

    private static func show(_ lines: [BudgetReport.Line]) {
        var table = TextTable(["sink", "", "rows", "requests", "sent", "kept", "cost", "budget"])
        for line in lines {
            let usage = line.usage
            table.add([
                line.sink, "this month", count(usage.rows), count(usage.requests), size(usage.bytes), size(usage.kept),
                dollars(usage.cost),
                usage.used.map { "\(Int(($0 * 100).rounded(.down))) % of \(usage.limit ?? "")" } ?? "none",
            ])
            table.add([
                "", "predicted", usage.predictedRows.map(count) ?? "–", usage.predictedRequests.map(count) ?? "–",
                usage.predictedBytes.map(size) ?? "–", "", dollars(usage.predictedCost), usage.action ?? "",
            ])
        }
        Terminal.write(table.text(), to: 1)
    }

    private static func count(_ number: Int64) -> String { Humanized.count(Double(number)) }
    private static func size(_ bytes: Int64) -> String { Humanized.bytes(bytes) }

    private static func dollars(_ amount: Double?) -> String {
        amount.map { "$" + fixed($0) } ?? "–"
    }

    private static func fixed(_ amount: Double) -> String {
        let cents = Int64((amount * 100).rounded())
        return "\(cents / 100).\(cents % 100 < 10 ? "0" : "")\(cents % 100)"
    }

    private static func writeJSON(_ line: BudgetReport.Line) {
        var json = JSONWriter()
        json.beginObject()
        json.key("sink")
        json.value(line.sink)
        json.key("usage")
        line.usage.write(to: &json)
        json.endObject()
        Terminal.write(String(decoding: json.bytes, as: UTF8.self) + "\n", to: 1)
    }
}
