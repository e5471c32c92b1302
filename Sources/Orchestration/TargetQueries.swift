public import Databases
internal import Delivery
internal import Platform
internal import Stores

/// Questions to the target of a sink, in the target's own SQL, with the sink's own configuration and credentials.
public enum TargetQueries {
    private static let databases:
        [String: @Sendable (String, Options, SinkContext, Int) throws(DeliveryError) -> QueryResult] = [
            BigQuerySink.spec.name: BigQuerySink.ask, ClickHouseSink.spec.name: ClickHouseSink.ask,
            PostgreSQLSink.spec.name: PostgreSQLSink.ask,
        ]

    /// Runs a statement in the target of a sink. What it may do there is for the account's rights to say.
    ///
    /// - Parameters:
    ///   - name: of the sink in the pipeline.
    ///   - rowsMax: rows of the answer at most.
    /// - Throws: `PipelineError` where there is no such sink, or its target is no database; `DeliveryError`.
    public static func run(
        _ sql: String, sink name: String, of configuration: PipelineConfiguration, rowsMax: Int
    ) throws -> QueryResult {
        guard let sink = configuration.sinks.first(where: { $0.name == name }) else {
            let names = configuration.sinks.map(\.name)
            let nearest = Suggestion.nearest(to: name, among: names).map { "; did you mean `\($0)`?" }
            throw PipelineError(
                "the pipeline has no sink `\(name)`" + (nearest ?? ": it has \(names.joined(separator: ", "))"))
        }
        guard let ask = databases[sink.kind] else {
            if sink.kind == LakeSink.spec.name { throw PipelineError("the lake is asked without --sink") }
            let kinds = databases.keys.sorted().joined(separator: ", ")
            throw PipelineError("the sink `\(name)` delivers to no database: \(kinds) answer SQL")
        }
        let context = SinkContext(pipeline: configuration.name, sink: name, folder: configuration.dataFolder)
        return try ask(sql, sink.options, context, rowsMax)
    }
}
