extension Spec.Option {
    /// A text; required where there is no default.
    public static func text(
        _ name: String, default defaultText: String? = nil, choices: [String] = [], _ summary: String
    ) -> Self { Self(name, .text, default: defaultText, choices: choices, summary) }

    /// A text that never appears in logs, errors or the API; required where there is no default.
    public static func secret(_ name: String, default defaultText: String? = nil, _ summary: String) -> Self {
        Self(name, .secret, default: defaultText, summary)
    }

    /// A whole number; required where there is no default, absent unless given where the default is empty.
    public static func integer(_ name: String, default defaultText: String? = nil, _ summary: String) -> Self {
        Self(name, .integer, default: defaultText, summary)
    }

    /// A number; required where there is no default, absent unless given where the default is empty.
    public static func number(_ name: String, default defaultText: String? = nil, _ summary: String) -> Self {
        Self(name, .number, default: defaultText, summary)
    }

    /// `true` or `false`; required where there is no default.
    public static func boolean(_ name: String, default defaultText: String? = nil, _ summary: String) -> Self {
        Self(name, .boolean, default: defaultText, summary)
    }

    /// A time span such as `5s`; required where there is no default, absent unless given where it is empty.
    public static func duration(_ name: String, default defaultText: String? = nil, _ summary: String) -> Self {
        Self(name, .duration, default: defaultText, summary)
    }

    /// A size such as `64MiB`; required where there is no default, absent unless given where it is empty.
    public static func bytes(_ name: String, default defaultText: String? = nil, _ summary: String) -> Self {
        Self(name, .bytes, default: defaultText, summary)
    }

    /// A list of texts, its default written with commas; required where there is no default.
    public static func list(
        _ name: String, default defaultText: String? = nil, choices: [String] = [], _ summary: String
    ) -> Self { Self(name, .list, default: defaultText, choices: choices, summary) }
}
