/// What the program says of itself: its metrics from time to time, and its messages.
extension Tables {
    /// The feed of a journal that brings them.
    public static let programFeed = "diagnostics"

    private static let part: [TableSchema.Column] = [
        .init("pipeline_name", .string, "The pipeline; several may write one lake."),
        .init(
            "component", .string,
            "What it is about: `feed`, `sink`, `job`, or a part of the program: `process`, `journal`, `engine`, `lake`, "
                + "`server`."),
        .init("name", .string, "Which feed, sink or job; empty for a part of the program."),
    ]

    public static let diagnostics = TableSchema(
        name: "diagnostics", layer: .reference, summary: "metric of the program and moment",
        timeColumn: "event_time_ns", partition: .month,
        sortKey: ["metric", "component", "name", "event_time_ns", "journal_offset", "frame_index"],
        columns: moment("event_time", "When the metric was read.") + part + [
            .init("metric", .string, "The name that it has in `/metrics`."),
            .init(
                "statistic", .string,
                "`value`; of durations `count` and `sum` since the start of the program, and `p50`, `p99`, `max` of those "
                    + "since the row before, as upper bounds of buckets that double."),
            .init("value", .float64, "The number."),
            .init("unit", .string, nullable: true, "For example `seconds`, `bytes`, `frames`, `rows`."),
        ] + place)

    public static let logs = TableSchema(
        name: "logs", layer: .reference, summary: "message of the program", timeColumn: "event_time_ns",
        partition: .month, sortKey: ["level", "component", "name", "event_time_ns", "journal_offset", "frame_index"],
        columns: moment("event_time", "When it was said; of several the last time.") + part + [
            .init("level", .string, "`debug`, `info`, `warning` (degraded, nothing lost) or `error`."),
            .init("message", .string, freeText: true, "What happened."),
            .init("fields", .string, freeText: true, "Its particulars as a JSON object."),
            .init(
                "count", .int64,
                "Messages that the row stands for: one that is repeated has a row at once, and one more per snapshot."),
        ] + place)
}
