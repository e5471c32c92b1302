internal import Feeds
internal import Platform
internal import Synchronization

/// Messages of the log on their way to the journal: each is there once; what is said again before the next snapshot is counted.
///
/// - Threading: any thread.
final class LogBuffer: Sendable {
    /// Different messages between two snapshots; more are left out and counted.
    static let capacity = 1000
    /// Characters of a text that are kept.
    static let textMax = 2000

    private struct Key: Hashable {
        let level: Log.Level
        let message: String
        let fields: [LogRecord.Field]
    }
    private struct State {
        /// Said for the first time since the last snapshot.
        var new: [LogRecord] = []
        /// How often those known were said again, and when last.
        var repeats: [Key: (count: Int64, lastNs: Int64)] = [:]
        var order: [Key] = []
    }
    private let state = Mutex(State())
    private let dropped: Counter
    private let observer = Atomic(0)

    /// - Parameter dropped: counts messages that are left out.
    init(dropped: Counter) { self.dropped = dropped }

    /// Takes the program's messages from a level on, until the end.
    func observe(from level: Log.Level) {
        observer.store(Log.observe(from: level) { [weak self] in self?.add($0) }, ordering: .relaxed)
    }

    /// Takes no more of them.
    func end() { Log.stopObserving(observer.load(ordering: .relaxed)) }

    deinit { end() }

    /// Takes a message.
    func add(_ record: LogRecord) {
        let key = Key(level: record.level, message: record.message, fields: record.fields)
        let isTaken = state.withLock { state in
            if let known = state.repeats[key] {
                state.repeats[key] = (known.count + 1, record.timeNs)
                return true
            }
            guard state.repeats.count < Self.capacity else { return false }
            state.repeats[key] = (0, record.timeNs)
            state.order.append(key)
            state.new.append(record)
            return true
        }
        if !isTaken { dropped.increment() }
    }

    /// Gives away what is new, and, where a snapshot is due, how often it was said again.
    func take(repeats: Bool) -> [DiagnosticsFrame.Message] {
        state.withLock { state in
            var messages = state.new.map { Self.message($0, 1) }
            state.new = []
            guard repeats else { return messages }
            for key in state.order {
                guard let (count, lastNs) = state.repeats[key], count > 0 else { continue }
                let record = LogRecord(timeNs: lastNs, level: key.level, message: key.message, fields: key.fields)
                messages.append(Self.message(record, count))
            }
            state.repeats = [:]
            state.order = []
            return messages
        }
    }

    /// Names of fields that say what a message is about.
    private static let components = ["feed", "sink", "job"]

    private static func message(_ record: LogRecord, _ count: Int64) -> DiagnosticsFrame.Message {
        let component = components.first { kind in record.fields.contains { $0.name == kind } }
        let fields = record.fields.map { field in
            let json =
                field.json.utf8.count > textMax ? JSONText.quoted(String(field.text.prefix(textMax))) : field.json
            return "\(JSONText.quoted(field.name)):\(json)"
        }
        return DiagnosticsFrame.Message(
            timeNs: record.timeNs, level: record.level.name, component: component ?? "process",
            name: record.fields.first { $0.name == component }?.text ?? "",
            message: String(record.message.prefix(textMax)), fields: "{\(fields.joined(separator: ","))}", count: count)
    }
}
