internal import Market
internal import Platform

extension AnswerReader {
    /// Appends what polls say of the day so far.
    func quotes(
        _ answer: Answer, _ times: inout AnswerTimes, into events: EventBatch, _ rejected: inout [Rejected]
    ) {
        // A poll is answered with one quote; an answer without any value has none.
        for number in 0..<max(1, table.rows(groups.main.group)) {
            do throws(AnswerFault) {
                try quote(AnswerRow(table: table, group: groups.main.group, row: number), answer, &times, events)
            } catch {
                let payload = table.rowText(groups.main.group, row: number)
                rejected.append(Rejected(row: number, fault: error, payload: payload))
            }
        }
    }

    private func quote(
        _ row: AnswerRow, _ answer: Answer, _ times: inout AnswerTimes, _ events: EventBatch
    ) throws(AnswerFault) {
        let places = groups.main
        let names = ["current", "high", "low", "open", "previous_close"]
        var numbers: [Double?] = []
        for name in names { numbers.append(try row.number(places(name), name)) }
        guard numbers[0] != nil else { throw AnswerFault(.missingField, "current") }
        if numbers.allSatisfy({ $0 ?? 0 == 0 }) {
            throw AnswerFault(.venueError, "all values are zero: the vendor does not know the symbol, or has no price")
        }
        for (name, number) in zip(names, numbers) {
            if let number, !(number > 0 && number.isFinite) { throw AnswerFault(.priceNotPositive, name) }
        }
        let time = try row.time(places("time"), &times)
        let change = try row.number(places("change"), "change")
        let percent = try row.number(places("percent"), "percent")
        let instrument = instrumentID(row.text(places("symbol")), answer)
        if let time, let current = numbers[0] {
            // The vendor's time is the number of the quote: a poll that finds the same one again is no news.
            events.quotes.append(
                instrument: instrument, eventTimeNs: time, ingestTimeNs: answer.ingestTimeNs, bid: .nan, ask: .nan,
                updateID: time, last: current, journalOffset: answer.journalOffset, frameIndex: Int32(row.row))
        }
        let rows = events.quoteSnapshots
        let schema = rows.schema
        rows.begin(journalOffset: answer.journalOffset, frameIndex: Int32(row.row))
        rows.set(instrument: instrument)
        rows.set(schema.place("fetched_at_ns"), answer.fetchedAtNs)
        rows.set(schema.place("event_time_ns"), time ?? answer.fetchedAtNs)
        for (name, number) in zip(names, numbers) { rows.set(schema.place(name), number ?? .nan) }
        rows.set(schema.place("change"), change ?? .nan)
        rows.set(schema.place("change_percent"), percent ?? .nan)
        rows.set(schema.place("source"), mapping.source)
        rows.end()
    }

    /// Appends what an answer says of an instrument; nothing where it says nothing.
    func instrument(
        _ row: AnswerRow, _ places: AnswerGroups.Places, _ answer: Answer, _ times: inout AnswerTimes,
        _ events: EventBatch
    ) {
        let facts = AnswerMapping.instrumentFields.filter { row.text(places($0)) != nil }
        guard !facts.isEmpty else { return }
        let venue = row.text(places("venue")) ?? answer.instrument.venue
        let symbol = row.text(places("symbol")) ?? answer.instrument.symbol
        let rows = events.instruments
        let schema = rows.schema
        rows.begin(journalOffset: answer.journalOffset, frameIndex: Int32(row.row))
        rows.set(instrument: context.instruments.intern(Instrument(venue: venue, symbol: symbol)))
        rows.set(schema.place("source"), mapping.source)
        if let name = row.text(places("name")) { rows.set(schema.place("name"), name) }
        if let currency = row.text(places("currency")) { rows.set(schema.place("currency"), currency) }
        if let type = row.text(places("type")) { rows.set(schema.place("type"), InstrumentType.name(type)) }
        if let tick = try? row.price(places("tick_size"), "tick_size") { rows.set(schema.place("tick_size"), tick) }
        for name in ["listed", "delisted"] {
            if let date = row.date(places(name), &times) { rows.set(schema.place(name), date) }
        }
        rows.set(schema.place("updated_ns"), answer.fetchedAtNs)
        rows.set(schema.place("revision"), Int64(0))
        rows.end()
    }
}

/// Types of instruments in our own words.
enum InstrumentType {
    private static let names = [
        "equity": "stock", "common stock": "stock", "common_stock": "stock", "cs": "stock", "stock": "stock",
        "mutualfund": "fund", "mutual fund": "fund", "fund": "fund", "etf": "etf", "index": "index",
        "currency": "currency_pair", "forex": "currency_pair", "cryptocurrency": "crypto", "future": "future",
        "option": "option", "bond": "bond",
    ]

    /// The type that a vendor's word means; the word in lower case where it is not known.
    static func name(_ word: String) -> String {
        let lowercased = word.lowercased()
        return names[lowercased] ?? lowercased
    }
}
