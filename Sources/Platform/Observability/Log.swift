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
        var observers: [Int: (level: Level, take: @Sendable (LogRecord) -> Void)] = [:]
        var nextObserver = 0
        /// The longest first, so that none is left in part.
        var secrets: [String] = []
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

    /// Gives every message from a level on to `take`, whatever is written, until the number that is returned is given to
    /// `stopObserving`. It is called on the thread that has something to say, and says nothing itself.
    public static func observe(from level: Level, _ take: @escaping @Sendable (LogRecord) -> Void) -> Int {
        settings.withLock { current in
            current.nextObserver += 1
            current.observers[current.nextObserver] = (level, take)
            return current.nextObserver
        }
    }

    /// Gives no more messages to an observer.
    public static func stopObserving(_ number: Int) { settings.withLock { $0.observers[number] = nil } }

    /// Shows stars in place of a text wherever a message has it: what nobody should say is not kept where somebody does.
    /// Texts of fewer than eight characters are too likely to mean something else.
    public static func conceal(_ secret: String) {
        guard secret.count >= 8 else { return }
        settings.withLock { current in
            guard !current.secrets.contains(secret) else { return }
            current.secrets.append(secret)
            current.secrets.sort { $0.utf8.count > $1.utf8.count }
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
        let now = Timestamp.now()
        let (isShown, observers, secrets) = settings.withLock { current in
            (level >= current.level, current.observers.values.filter { level >= $0.level }, current.secrets)
        }
        guard isShown || !observers.isEmpty else { return }
        let record = LogRecord(timeNs: now.nanoseconds, level: level, message, fields, concealing: secrets)
        settings.withLock { current in
            guard isShown else { return }
            let time = Timestamp(nanoseconds: now.nanoseconds / 1_000_000 * 1_000_000)
            current.before?()
            var rest = Array(record.line(at: time, current.format).utf8)[...]
            while !rest.isEmpty {
                let written = unsafe rest.withUnsafeBytes { unsafe Glibc.write(2, $0.baseAddress, $0.count) }
                if written < 0 && errno == EINTR { continue }
                guard written > 0 else { break }
                rest = rest.dropFirst(written)
            }
            current.after?()
        }
        for observer in observers { observer.take(record) }
    }
}
