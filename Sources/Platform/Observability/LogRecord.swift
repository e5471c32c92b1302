/// One message of the log.
public struct LogRecord: Sendable, Hashable {
    /// A particular of a message.
    public struct Field: Sendable, Hashable {
        public let name: String
        /// As it is written in text.
        public let text: String
        /// The same as JSON.
        public let json: String

        public init(name: String, text: String, json: String) {
            self.name = name
            self.text = text
            self.json = json
        }
    }

    /// When it was said, in nanoseconds since 1970 UTC.
    public var timeNs: Int64
    public let level: Log.Level
    public let message: String
    public let fields: [Field]

    public init(timeNs: Int64, level: Log.Level, message: String, fields: [Field] = []) {
        self.timeNs = timeNs
        self.level = level
        self.message = message
        self.fields = fields
    }

    init(
        timeNs: Int64, level: Log.Level, _ message: String, _ fields: KeyValuePairs<String, any Sendable>,
        concealing secrets: [String]
    ) {
        func shown(_ text: String) -> String {
            secrets.reduce(text) { text, secret in text.contains(secret) ? text.replacing(secret, with: "***") : text }
        }
        self.init(
            timeNs: timeNs, level: level, message: shown(message),
            fields: fields.map { name, value in
                let text = shown("\(value)")
                let json = JSONText.value(value)
                return Field(name: name, text: text, json: json.hasPrefix("\"") ? JSONText.quoted(text) : json)
            })
    }

    /// A line of the log.
    func line(at time: Timestamp, _ format: Log.Format) -> String {
        var line: String
        switch format {
        case .text:
            line = "\(time) \(level.name) \(message)"
            for field in fields { line += " \(field.name)=\(field.text)" }
        case .json:
            line = "{\"time\":\"\(time)\",\"level\":\"\(level.name)\",\"message\":\(JSONText.quoted(message))"
            for field in fields { line += ",\(JSONText.quoted(field.name)):\(field.json)" }
            line += "}"
        }
        return line + "\n"
    }
}
