internal import Glibc
internal import Synchronization

/// Structured logging to standard error: text on a terminal, one JSON object per line otherwise.
///
/// - Threading: any thread; a line is written whole.
public enum Log {
    /// By consequence: warning = degraded, nothing lost; error = data lost or a person is needed.
    public enum Level: Int, Comparable, Sendable, CaseIterable {
        case debug, info, warning, error
        public static func < (left: Level, right: Level) -> Bool { left.rawValue < right.rawValue }
        /// The name used in configuration and output.
        public var name: String { "\(self)" }
    }

    /// How lines are written.
    public enum Format: Sendable { case text, json }

    private struct Settings {
        var level = Level.info
        var format: Format = isatty(2) == 1 ? .text : .json
        var before: (@Sendable () -> Void)?
        var after: (@Sendable () -> Void)?
    }
    private static let settings = Mutex(Settings())

    /// Sets what is written and how.
    public static func configure(level: Level? = nil, format: Format? = nil) {
        settings.withLock { current in
            if let level { current.level = level }
            if let format { current.format = format }
        }
    }

    /// Runs `before` ahead of each line and `after` behind it, so that a progress bar can make way.
    public static func interleave(before: (@Sendable () -> Void)?, after: (@Sendable () -> Void)?) {
        settings.withLock { current in
            current.before = before
            current.after = after
        }
    }

    public static func debug(_ message: String, _ fields: KeyValuePairs<String, any Sendable> = [:]) {
        write(.debug, message, fields)
    }
    public static func info(_ message: String, _ fields: KeyValuePairs<String, any Sendable> = [:]) {
        write(.info, message, fields)
    }
    public static func warning(_ message: String, _ fields: KeyValuePairs<String, any Sendable> = [:]) {
        write(.warning, message, fields)
    }
    public static func error(_ message: String, _ fields: KeyValuePairs<String, any Sendable> = [:]) {
        write(.error, message, fields)
    }

    private static func write(_ level: Level, _ message: String, _ fields: KeyValuePairs<String, any Sendable>) {
        let now = Timestamp(nanoseconds: Timestamp.now().nanoseconds / 1_000_000 * 1_000_000)
        settings.withLock { current in
            guard level >= current.level else { return }
            var line: String
            switch current.format {
            case .text:
                line = "\(now) \(level.name) \(message)"
                for (key, value) in fields { line += " \(key)=\(value)" }
            case .json:
                line = "{\"time\":\"\(now)\",\"level\":\"\(level.name)\",\"message\":\(JSONText.quoted(message))"
                for (key, value) in fields { line += ",\(JSONText.quoted(key)):\(JSONText.value(value))" }
                line += "}"
            }
            line += "\n"
            current.before?()
            var rest = Array(line.utf8)[...]
            while !rest.isEmpty {
                let written = unsafe rest.withUnsafeBytes { unsafe Glibc.write(2, $0.baseAddress, $0.count) }
                if written < 0 && errno == EINTR { continue }
                guard written > 0 else { break }
                rest = rest.dropFirst(written)
            }
            current.after?()
        }
    }
}
