internal import Market
internal import Platform

/// Drops quotes whose update number was seen before; see `UpdateWindow` for what is remembered.
///
/// A quote without a number is identified by its place in the journal and never dropped.
/// - Threading: one owner at a time.
struct QuoteDeduplicator: ~Copyable {
    /// One instrument's window, and the session of the feed that opened it.
    private struct Entry {
        var window = UpdateWindow()
        var feed = UInt32.max
        var session: UInt32 = 0
    }
    private let window: Int
    private var entries: [Entry] = []

    init(_ configuration: EngineConfiguration) { window = configuration.quoteWindow }

    /// Drops the duplicates among the batch's quotes; what is kept stays in order.
    mutating func removeDuplicates(
        from quotes: QuoteBatch, rowsFrom start: Int, feed: UInt32, session: UInt32, counters: inout FeedCounters
    ) {
        let count = quotes.count
        let numbers = unsafe quotes.updateID.pointer
        let instruments = unsafe quotes.instrument.pointer
        var kept = start
        for row in start..<count {
            let number = unsafe numbers[row]
            if number != ArrowColumn.missingInt64 {
                let instrument = Int(unsafe instruments[row])
                while entries.count <= instrument { entries.append(Entry()) }
                if entries[instrument].feed == feed, entries[instrument].session != session {
                    entries[instrument].window.seal()
                    entries[instrument].feed = .max
                }
                if entries[instrument].feed == .max {
                    entries[instrument].feed = feed
                    entries[instrument].session = session
                }
                if !entries[instrument].window.insert(number, window: window) {
                    counters.duplicateQuotes += 1
                    continue
                }
            }
            if kept != row { quotes.moveRow(from: row, to: kept) }
            kept += 1
        }
        if kept != count { quotes.truncate(to: kept) }
    }

    // MARK: Checkpoint

    func encode(into writer: inout BinaryWriter) {
        writer.write(UInt32(entries.count))
        for entry in entries {
            writer.write(entry.feed)
            writer.write(entry.session)
            entry.window.encode(into: &writer, window: window)
        }
    }

    init(_ configuration: EngineConfiguration, from reader: inout BinaryReader) throws(EngineStateError) {
        self.init(configuration)
        for _ in 0..<(try reader.value(UInt32.self)) {
            let feed = try reader.value(UInt32.self)
            let session = try reader.value(UInt32.self)
            entries.append(Entry(window: try UpdateWindow(from: &reader), feed: feed, session: session))
        }
    }
}
