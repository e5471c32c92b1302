internal import CDecode
internal import Market
internal import Platform

extension TradeBatch {
    /// Makes room for `additional` rows and gives the columns to C; valid until the next call that grows the batch.
    func writableColumns(_ additional: Int) -> td_trades {
        instrument.reserve(additional)
        eventTimeNs.reserve(additional)
        ingestTimeNs.reserve(additional)
        price.reserve(additional)
        size.reserve(additional)
        side.reserve(additional)
        tradeID.reserve(additional)
        conditions.reserve(additional)
        journalOffset.reserve(additional)
        frameIndex.reserve(additional)
        return unsafe td_trades(
            instrument: instrument.pointer, event_time_ns: eventTimeNs.pointer, ingest_time_ns: ingestTimeNs.pointer,
            price: price.pointer, size: size.pointer, side: side.pointer, trade_id: tradeID.pointer,
            conditions: conditions.pointer, journal_offset: journalOffset.pointer, frame_index: frameIndex.pointer,
            count: count, capacity: count + additional)
    }

    /// Takes over the rows that C wrote.
    func adopt(count: Int) { truncate(to: count) }
}

extension QuoteBatch {
    /// Makes room for `additional` rows and gives the columns to C; valid until the next call that grows the batch.
    func writableColumns(_ additional: Int) -> td_quotes {
        instrument.reserve(additional)
        eventTimeNs.reserve(additional)
        ingestTimeNs.reserve(additional)
        bid.reserve(additional)
        ask.reserve(additional)
        bidSize.reserve(additional)
        askSize.reserve(additional)
        updateID.reserve(additional)
        flags.reserve(additional)
        last.reserve(additional)
        lastSize.reserve(additional)
        journalOffset.reserve(additional)
        frameIndex.reserve(additional)
        return unsafe td_quotes(
            instrument: instrument.pointer, event_time_ns: eventTimeNs.pointer, ingest_time_ns: ingestTimeNs.pointer,
            bid: bid.pointer, ask: ask.pointer, bid_size: bidSize.pointer, ask_size: askSize.pointer,
            update_id: updateID.pointer, flags: flags.pointer, last: last.pointer, last_size: lastSize.pointer,
            journal_offset: journalOffset.pointer, frame_index: frameIndex.pointer, count: count,
            capacity: count + additional)
    }

    /// Takes over the rows that C wrote.
    func adopt(count: Int) { truncate(to: count) }
}
