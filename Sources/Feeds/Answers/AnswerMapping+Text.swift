extension AnswerMapping {
    /// The mapping as flat keys and values, for the settings of a session; what is as usual is left out.
    var values: [String: String] {
        var values = ["source": source, "kind": kind.rawValue]
        func set(_ key: String, _ text: String, unless usual: String = "") {
            if text != usual { values[key] = text }
        }
        set("format", format.rawValue, unless: Format.json.rawValue)
        set("layout", layout.rawValue, unless: AnswerGroup.Layout.rows.rawValue)
        set("rows", main.rows)
        set("fields", Self.text(main.fields))
        set("dividend_rows", dividends.rows)
        set("dividend_fields", Self.text(dividends.fields))
        set("split_rows", splits.rows)
        set("split_fields", Self.text(splits.fields))
        set("about_fields", Self.text(about))
        set("errors", errors.joined(separator: "\n"))
        set("time_format", timeFormat.rawValue, unless: CSVMapping.TimeFormat.text.rawValue)
        set("zone", zone, unless: "UTC")
        set("interval", interval)
        set("time_is", isTimeEnd ? "end" : "start", unless: "start")
        set("implausible", implausible.rawValue, unless: Implausible.reject.rawValue)
        return values
    }

    /// Reads what `values` gives.
    ///
    /// - Throws: `FeedError` naming the key that is missing or wrong.
    init(values: [String: String]) throws(FeedError) {
        func choice<Value: RawRepresentable>(_ key: String, _ usual: Value) throws(FeedError) -> Value
        where Value.RawValue == String {
            guard let text = values[key] else { return usual }
            guard let value = Value(rawValue: text) else { throw FeedError(.settings, "`\(key)`: unknown `\(text)`") }
            return value
        }
        guard let source = values["source"] else { throw FeedError(.settings, "`source` is missing") }
        self.init(source: source, kind: try choice("kind", Kind.bars))
        format = try choice("format", Format.json)
        layout = try choice("layout", AnswerGroup.Layout.rows)
        main = Part(rows: values["rows"] ?? "", fields: try Self.fields(values["fields"]))
        dividends = Part(rows: values["dividend_rows"] ?? "", fields: try Self.fields(values["dividend_fields"]))
        splits = Part(rows: values["split_rows"] ?? "", fields: try Self.fields(values["split_fields"]))
        about = try Self.fields(values["about_fields"])
        errors = (values["errors"] ?? "").split(separator: "\n").map(String.init)
        timeFormat = try choice("time_format", CSVMapping.TimeFormat.text)
        zone = values["zone"] ?? "UTC"
        interval = values["interval"] ?? ""
        isTimeEnd = values["time_is"] == "end"
        implausible = try choice("implausible", Implausible.reject)
        try check()
    }

    /// Reads `name=path` texts.
    ///
    /// - Throws: `FeedError` naming the one that is none.
    static func fields(assignments: [String]) throws(FeedError) -> [String: String] {
        var fields: [String: String] = [:]
        for text in assignments {
            guard let mark = text.firstIndex(of: "=") else {
                throw FeedError(.settings, "`\(text)` is not `name=path`")
            }
            let name = String(text[..<mark])
            guard fields.updateValue(String(text[text.index(after: mark)...]), forKey: name) == nil else {
                throw FeedError(.settings, "`\(name)` is there twice")
            }
        }
        return fields
    }

    private static func fields(_ text: String?) throws(FeedError) -> [String: String] {
        try fields(assignments: (text ?? "").split(separator: "\n").map(String.init))
    }

    private static func text(_ fields: [String: String]) -> String {
        fields.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: "\n")
    }
}
