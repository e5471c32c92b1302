internal import Platform

/// What the program says of itself, as its journal has it: a snapshot of its metrics, or messages of its log.
///
/// A frame is a JSON object: `kind` is `snapshot` or `logs`, `pipeline` the pipeline's name, `time_ns` when it was made, `rows`
/// the rows of the table, with the names of its columns.
public enum DiagnosticsFrame {
    /// Settings of a session of such frames.
    public static let settings = SessionSettings(decoder: decoder).text
    static let decoder = "diagnostics"

    /// A number at the time of a snapshot.
    public struct Metric: Sendable, Equatable, Codable {
        public let component: String
        public let name: String
        public let metric: String
        public let statistic: String
        public let value: Double
        public let unit: String?

        /// - Parameters:
        ///   - component: what it is about; `name` says which one of several.
        ///   - metric: its name in `/metrics`.
        ///   - value: a finite number.
        public init(component: String, name: String, metric: String, statistic: String, value: Double, unit: String?) {
            self.component = component
            self.name = name
            self.metric = metric
            self.statistic = statistic
            self.value = value
            self.unit = unit
        }
    }

    /// A message, or several that say the same.
    public struct Message: Sendable, Equatable, Codable {
        public let timeNs: Int64
        public let level: String
        public let component: String
        public let name: String
        public let message: String
        /// A JSON object.
        public let fields: String
        public let count: Int64

        enum CodingKeys: String, CodingKey {
            case timeNs = "time_ns"
            case level, component, name, message, fields, count
        }

        public init(
            timeNs: Int64, level: String, component: String, name: String, message: String, fields: String, count: Int64
        ) {
            self.timeNs = timeNs
            self.level = level
            self.component = component
            self.name = name
            self.message = message
            self.fields = fields
            self.count = count
        }
    }

    /// The bytes of a snapshot.
    ///
    /// - Parameter timeNs: nanoseconds since 1970 UTC.
    public static func snapshot(_ metrics: [Metric], pipeline: String, timeNs: Int64) -> [UInt8] {
        frame("snapshot", pipeline, timeNs, metrics) { metric, json in
            json.key("component")
            json.value(metric.component)
            json.key("name")
            json.value(metric.name)
            json.key("metric")
            json.value(metric.metric)
            json.key("statistic")
            json.value(metric.statistic)
            json.key("value")
            json.value(metric.value)
            json.key("unit")
            json.value(metric.unit)
        }
    }

    /// The bytes of messages.
    ///
    /// - Parameter timeNs: nanoseconds since 1970 UTC.
    public static func logs(_ messages: [Message], pipeline: String, timeNs: Int64) -> [UInt8] {
        frame("logs", pipeline, timeNs, messages) { message, json in
            json.key("time_ns")
            json.value(message.timeNs)
            json.key("level")
            json.value(message.level)
            json.key("component")
            json.value(message.component)
            json.key("name")
            json.value(message.name)
            json.key("message")
            json.value(message.message)
            json.key("fields")
            json.value(message.fields)
            json.key("count")
            json.value(message.count)
        }
    }

    private static func frame<Row>(
        _ kind: String, _ pipeline: String, _ timeNs: Int64, _ rows: [Row], _ body: (Row, inout JSONWriter) -> Void
    ) -> [UInt8] {
        var json = JSONWriter(reservingBytes: 256 + 160 * rows.count)
        json.beginObject()
        json.key("kind")
        json.value(kind)
        json.key("pipeline")
        json.value(pipeline)
        json.key("time_ns")
        json.value(timeNs)
        json.key("rows")
        json.beginArray()
        for row in rows {
            json.beginObject()
            body(row, &json)
            json.endObject()
        }
        json.endArray()
        json.endObject()
        return json.bytes
    }
}
