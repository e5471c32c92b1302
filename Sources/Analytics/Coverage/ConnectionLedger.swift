internal import Platform

/// When one feed was connected: a function of its `begin`, loss, `end` and other records.
///
/// A live feed's stretches are in receive time. A recording that is played has one from its first to its last event time:
/// when it was played says nothing about what it holds.
struct ConnectionLedger: Equatable {
    struct Connection: Equatable {
        var label: ConnectionLabel
        var fromNs: Int64
    }
    /// A line without a connection.
    struct Outage: Equatable {
        var line: String
        var sinceNs: Int64
        var reason: String
    }
    struct Recording: Equatable {
        var source: String
        var firstNs = Int64.max
        var lastNs = Int64.min
    }

    private(set) var connections: [Connection] = []
    private(set) var outages: [Outage] = []
    private(set) var recording: Recording?
    /// Receive time of the latest record.
    private(set) var lastRecordNs = Int64.min

    /// Connections of a line that may be open at the same time: one, and the one that replaces it.
    private static let openPerLine = 2
    static let killed = "the program ended without a word"

    /// What a change leads to.
    struct Outcome {
        var rows: [CoverageWriter.Row] = []
        /// The stretch for which the whole feed had no connection, once it is over.
        var blackout: Range<Int64>?
        /// When the feed lost its last connection.
        var lostNs: Int64?
    }

    /// True while no line has a connection, though one had.
    var isDown: Bool { connections.isEmpty && !outages.isEmpty }
    /// Since when.
    var downSinceNs: Int64 { outages.map(\.sinceNs).max() ?? .max }

    mutating func note(ingestTimeNs: Int64) { lastRecordNs = max(lastRecordNs, ingestTimeNs) }

    mutating func noteEvents(from: Int64, to: Int64) {
        guard recording != nil else { return }
        recording!.firstNs = min(recording!.firstNs, from)
        recording!.lastNs = max(recording!.lastNs, to)
    }

    // MARK: Live

    /// A connection of a live feed is up.
    mutating func begin(_ label: ConnectionLabel, feed: UInt32, atNs: Int64) -> Outcome {
        var outcome = Outcome()
        closeRecording(feed, &outcome)
        let ofLine = connections.filter { $0.label.line == label.line }
        // Epochs rise as long as the program runs: one that does not is of another run.
        for (place, connection) in ofLine.enumerated()
        where connection.label.epoch >= label.epoch || place <= ofLine.count - Self.openPerLine {
            close(connection, feed, atNs: max(connection.fromNs, lastRecordNs), reason: Self.killed, &outcome)
        }
        if isDown, downSinceNs < atNs { outcome.blackout = downSinceNs..<atNs }
        if let place = outages.firstIndex(where: { $0.line == label.line }) {
            let outage = outages.remove(at: place)
            if outage.sinceNs < atNs { outcome.rows.append(Self.row(outage, feed, toNs: atNs)) }
        }
        connections.append(Connection(label: label, fromNs: atNs))
        lastRecordNs = max(lastRecordNs, atNs)
        return outcome
    }

    /// A connection is gone.
    mutating func lost(_ label: ConnectionLabel, reason: String, feed: UInt32, atNs: Int64) -> Outcome {
        var outcome = Outcome()
        lastRecordNs = max(lastRecordNs, atNs)
        guard
            let lost = connections.first(where: { $0.label.line == label.line && $0.label.epoch == label.epoch })
        else { return outcome }
        close(lost, feed, atNs: max(lost.fromNs, atNs), reason: reason, &outcome)
        return outcome
    }

    private mutating func close(
        _ connection: Connection, _ feed: UInt32, atNs: Int64, reason: String, _ outcome: inout Outcome
    ) {
        connections.removeAll { $0 == connection }
        outcome.rows.append(row(connection, feed, toNs: atNs, reason: reason))
        let line = connection.label.line
        guard !connections.contains(where: { $0.label.line == line }) else { return }
        outages.append(Outage(line: line, sinceNs: atNs, reason: reason))
        if connections.isEmpty { outcome.lostNs = atNs }
    }

    private func row(_ connection: Connection, _ feed: UInt32, toNs: Int64, reason: String) -> CoverageWriter.Row {
        let label = connection.label
        let parts = ["epoch \(label.epoch)", label.source, reason].filter { !$0.isEmpty }
        return CoverageWriter.Row(
            kind: .connection, feed: feed, fromNs: connection.fromNs, toNs: toNs,
            detail: Self.named(label.line, parts.joined(separator: ", ")))
    }

    private static func row(_ outage: Outage, _ feed: UInt32, toNs: Int64) -> CoverageWriter.Row {
        CoverageWriter.Row(
            kind: .disconnected, feed: feed, fromNs: outage.sinceNs, toNs: toNs,
            detail: named(outage.line, outage.reason))
    }

    private static func named(_ line: String, _ text: String) -> String {
        line.isEmpty ? text : "line \(line): \(text)"
    }

    // MARK: Sessions that end

    /// A recording is played, or a session without a connection begins.
    mutating func beginRecording(_ label: ConnectionLabel, feed: UInt32) -> Outcome {
        let outcome = end(feed: feed)
        recording = Recording(source: label.source)
        return outcome
    }

    /// The session's data is over: nothing is missing until the next begins.
    mutating func end(feed: UInt32) -> Outcome {
        var outcome = Outcome()
        closeRecording(feed, &outcome)
        for connection in connections {
            outcome.rows.append(
                row(connection, feed, toNs: max(connection.fromNs, lastRecordNs), reason: "session ended"))
        }
        connections = []
        outages = []
        lastRecordNs = .min
        return outcome
    }

    private mutating func closeRecording(_ feed: UInt32, _ outcome: inout Outcome) {
        guard let recording else { return }
        self.recording = nil
        guard recording.firstNs <= recording.lastNs else { return }
        outcome.rows.append(Self.row(recording, feed))
    }

    private static func row(_ recording: Recording, _ feed: UInt32) -> CoverageWriter.Row {
        CoverageWriter.Row(
            kind: .connection, feed: feed, fromNs: recording.firstNs, toNs: recording.lastNs + 1,
            detail: recording.source.isEmpty ? "recording" : "recording, \(recording.source)")
    }

    // MARK: Reading

    /// Stretches that go on, up to the latest record.
    func ongoing(feed: UInt32) -> [CoverageWriter.Row] {
        var rows = connections.map { row($0, feed, toNs: max($0.fromNs, lastRecordNs), reason: "") }
        for outage in outages { rows.append(Self.row(outage, feed, toNs: max(outage.sinceNs, lastRecordNs))) }
        if let recording, recording.firstNs <= recording.lastNs { rows.append(Self.row(recording, feed)) }
        return rows
    }
}

extension ConnectionLedger {
    func encode(into writer: inout BinaryWriter) {
        writer.write(UInt32(connections.count))
        for connection in connections {
            writer.write(connection.label.line)
            writer.write(connection.label.epoch)
            writer.write(connection.label.source)
            writer.write(connection.fromNs)
        }
        writer.write(UInt32(outages.count))
        for outage in outages {
            writer.write(outage.line)
            writer.write(outage.sinceNs)
            writer.write(outage.reason)
        }
        writer.write(recording != nil)
        if let recording {
            writer.write(recording.source)
            writer.write(recording.firstNs)
            writer.write(recording.lastNs)
        }
        writer.write(lastRecordNs)
    }

    init(from reader: inout BinaryReader) throws(EngineStateError) {
        self.init()
        for _ in 0..<(try reader.value(UInt32.self)) {
            let line = try reader.text()
            let epoch: Int64 = try reader.value()
            let label = ConnectionLabel(line: line, epoch: epoch, source: try reader.text())
            connections.append(Connection(label: label, fromNs: try reader.value()))
        }
        for _ in 0..<(try reader.value(UInt32.self)) {
            let line = try reader.text()
            let sinceNs: Int64 = try reader.value()
            outages.append(Outage(line: line, sinceNs: sinceNs, reason: try reader.text()))
        }
        if try reader.flag() {
            let source = try reader.text()
            let firstNs: Int64 = try reader.value()
            recording = Recording(source: source, firstNs: firstNs, lastNs: try reader.value())
        }
        lastRecordNs = try reader.value()
    }
}
