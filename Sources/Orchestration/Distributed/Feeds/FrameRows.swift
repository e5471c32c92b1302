internal import Analytics
internal import Market
internal import Platform

/// Whose events a frame holds, and how far they lie in time: goes through what a decoder made of a run of frames.
///
/// - Order: frames are asked for in the order of the run.
struct FrameRows {
    /// What concerns event time of the events of a frame, in nanoseconds since 1970 UTC.
    struct Times {
        /// The latest that may move a clock; the smallest integer where there is none.
        var latestNs = Int64.min
        /// When it was received.
        var latestIngestNs: Int64 = 0
        /// The earliest; the largest integer where there is none.
        var earliestNs = Int64.max
    }

    private let events: EventBatch
    private let futureToleranceNs: Int64
    private var trade = 0
    private var quote = 0
    private var bar = 0
    private var record: [Int]
    private let hasRecords: Bool
    /// Places of instrument and offset in the tables of records; an instrument's is nil where a table has none.
    private static let places = Tables.records.map { table in
        let names = table.storedColumns.map(\.name)
        let venue = table.storedColumns.first { $0.name == "venue" && !$0.isNullable }
        return (
            instrument: venue == nil || !names.contains("symbol") ? nil : names.firstIndex(of: "venue"),
            offset: table.place("journal_offset")
        )
    }

    init(_ events: EventBatch, futureToleranceNs: Int64) {
        self.events = events
        self.futureToleranceNs = futureToleranceNs
        record = Array(repeating: 0, count: events.records.count)
        hasRecords = events.records.contains { $0.count > 0 }
    }

    /// Gives the instruments of the next frame's rows to `body`, nil for a row without, some of them often.
    mutating func next(_ offset: Int64, _ body: (InstrumentID?) -> Void) -> Times {
        var times = Times()
        let (trades, quotes, bars) = (events.trades, events.quotes, events.vendorBars)
        while trade < trades.count, trades.journalOffset[trade] == offset {
            body(trades.instrument[trade])
            note(trades.eventTimeNs[trade], trades.ingestTimeNs[trade], &times)
            trade += 1
        }
        while quote < quotes.count, quotes.journalOffset[quote] == offset {
            body(quotes.instrument[quote])
            note(quotes.eventTimeNs[quote], quotes.ingestTimeNs[quote], &times)
            quote += 1
        }
        while bar < bars.count, bars.journalOffset[bar] == offset {
            body(bars.instrument[bar])
            bar += 1
        }
        if hasRecords { nextRecords(offset, body) }
        return times
    }

    @inline(__always)
    private func note(_ eventNs: Int64, _ ingestNs: Int64, _ times: inout Times) {
        times.earliestNs = min(times.earliestNs, eventNs)
        guard eventNs > times.latestNs, EventClock.counts(eventNs, ingestNs, futureToleranceNs) else { return }
        times.latestNs = eventNs
        times.latestIngestNs = ingestNs
    }

    private mutating func nextRecords(_ offset: Int64, _ body: (InstrumentID?) -> Void) {
        for (table, batch) in events.records.enumerated() {
            let places = Self.places[table]
            while record[table] < batch.count, batch.integer(places.offset, row: record[table]) == offset {
                body(places.instrument.map { InstrumentID(batch.integer($0, row: record[table])) })
                record[table] += 1
            }
        }
    }
}
