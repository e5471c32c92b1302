public import Platform

/// Section `diagnostics`: what the pipeline keeps of its own metrics and messages.
public struct DiagnosticsSettings: Sendable {
    /// Time between snapshots of the metrics, in nanoseconds; at least a second.
    public let everyNs: Int64
    /// The least important messages that are kept.
    public let level: Log.Level

    static let spec = Spec(
        "diagnostics", "The program's own tables.",
        options: [
            .text(
                "every", default: "1m", "Time between snapshots of the metrics, at least `1s`; `off` for none at all."),
            .text(
                "level", default: "warning", choices: Log.Level.allCases.map(\.name),
                "The least important messages that are kept."),
        ])

    /// The word in place of a time that turns them off. YAML readers of old read it as a truth value.
    private static let none = ["off", "false", "no"]

    /// - Returns: nil where they are turned off.
    /// - Throws: `ConfigError` where the time is none, or too short.
    static func read(_ options: Options) throws(ConfigError) -> DiagnosticsSettings? {
        let text = options.text("every")
        guard !none.contains(text) else { return nil }
        guard let everyNs = DurationText.nanoseconds(text) else {
            throw options.error(
                "every", "`\(text)` is neither a time span nor `off`", suggestion: "write `1m`, or `off` for none")
        }
        guard everyNs >= 1_000_000_000 else {
            throw options.error("every", "`\(text)` is shorter than a second", suggestion: "write `1s` or more")
        }
        return DiagnosticsSettings(
            everyNs: everyNs, level: Log.Level.allCases.first { $0.name == options.text("level") } ?? .warning)
    }
}
