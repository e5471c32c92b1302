internal import Market
internal import Platform

/// Takes rows of batches in: the hot path.
extension BarTable {
    /// Takes in trades, moves the watermark and closes the bars that fall behind it.
    ///
    /// - Parameter rows: rows of the batch, in order.
    mutating func add(
        _ trades: TradeBatch, rows: Range<Int>, watermark: inout Watermark, counters: inout FeedCounters,
        into output: EngineOutput
    ) {
        precondition(rows.upperBound <= trades.count, "rows outside the batch")
        let instruments = unsafe trades.instrument.pointer
        let times = unsafe trades.eventTimeNs.pointer
        let ingestTimes = unsafe trades.ingestTimeNs.pointer
        let prices = unsafe trades.price.pointer
        let sizes = unsafe trades.size.pointer
        let offsets = unsafe trades.journalOffset.pointer
        let isBuilt = builds(.trade)
        let typePlace = place(of: .trade)
        var clock = Clock(watermark, configuration)
        counters.trades += rows.count
        for row in rows {
            let timeNs = unsafe times[row]
            let offset = unsafe offsets[row]
            guard
                clock.take(
                    timeNs, ingestTimeNs: unsafe ingestTimes[row], journalOffset: offset, table: &self,
                    counters: &counters, into: output)
            else { continue }
            let price = unsafe prices[row]
            guard isBuilt, price.isFinite else { continue }
            let size = unsafe sizes[row]
            let lane = lane(unsafe instruments[row], .trade, place: typePlace)
            add(
                lane: lane, timeNs: timeNs, price: price, size: size.isFinite ? size : 0,
                reachedNs: clock.watermark.reachedNs, watermarkNs: clock.watermarkNs, journalOffset: offset)
        }
        watermark = clock.watermark
    }

    /// Takes in quotes: a bid bar and an ask bar each, missing sides left out.
    ///
    /// - Parameter rows: rows of the batch, in order.
    mutating func add(
        _ quotes: QuoteBatch, rows: Range<Int>, watermark: inout Watermark, counters: inout FeedCounters,
        into output: EngineOutput
    ) {
        precondition(rows.upperBound <= quotes.count, "rows outside the batch")
        let instruments = unsafe quotes.instrument.pointer
        let times = unsafe quotes.eventTimeNs.pointer
        let ingestTimes = unsafe quotes.ingestTimeNs.pointer
        let bids = unsafe quotes.bid.pointer
        let asks = unsafe quotes.ask.pointer
        let flags = unsafe quotes.flags.pointer
        let offsets = unsafe quotes.journalOffset.pointer
        let bidPlace = place(of: .bid)
        let askPlace = place(of: .ask)
        var clock = Clock(watermark, configuration)
        counters.quotes += rows.count
        for row in rows {
            let timeNs = unsafe times[row]
            let offset = unsafe offsets[row]
            if unsafe flags[row] & QuoteFlags.crossed.rawValue != 0 { counters.crossedQuotes += 1 }
            guard
                clock.take(
                    timeNs, ingestTimeNs: unsafe ingestTimes[row], journalOffset: offset, table: &self,
                    counters: &counters, into: output)
            else { continue }
            let bid = unsafe bids[row]
            let ask = unsafe asks[row]
            let instrument = unsafe instruments[row]
            if bidPlace >= 0, bid.isFinite {
                let lane = lane(instrument, .bid, place: bidPlace)
                add(
                    lane: lane, timeNs: timeNs, price: bid, size: 0, reachedNs: clock.watermark.reachedNs,
                    watermarkNs: clock.watermarkNs, journalOffset: offset)
            }
            if askPlace >= 0, ask.isFinite {
                let lane = lane(instrument, .ask, place: askPlace)
                add(
                    lane: lane, timeNs: timeNs, price: ask, size: 0, reachedNs: clock.watermark.reachedNs,
                    watermarkNs: clock.watermarkNs, journalOffset: offset)
            }
        }
        watermark = clock.watermark
    }

    /// Takes in the time of an event of another partition: moves the watermark and closes bars.
    mutating func follow(
        _ event: FollowedEvent, watermark: inout Watermark, counters: inout FeedCounters, into output: EngineOutput
    ) {
        guard event.eventTimeNs > watermark.reachedNs, Watermark.isPlaceable(event.eventTimeNs),
            event.eventTimeNs <= saturatingSum(event.ingestTimeNs, configuration.futureToleranceNs)
        else { return }
        watermark.advance(to: event.eventTimeNs, ingestTimeNs: event.ingestTimeNs)
        let watermarkNs = watermark.timeNs(latenessNs: configuration.latenessNs)
        guard watermarkNs >= nextCloseNs else { return }
        close(upTo: watermarkNs, journalOffset: event.journalOffset, counters: &counters, into: output)
    }

    /// The watermark of a run of rows, kept where the compiler can hold it in registers.
    private struct Clock {
        var watermark: Watermark
        var watermarkNs: Int64
        let latenessNs: Int64
        let futureToleranceNs: Int64

        init(_ watermark: Watermark, _ configuration: EngineConfiguration) {
            self.watermark = watermark
            latenessNs = configuration.latenessNs
            futureToleranceNs = configuration.futureToleranceNs
            watermarkNs = watermark.timeNs(latenessNs: latenessNs)
        }

        /// Takes in an event time: moves the watermark, closes bars, counts what is late. False where the event comes
        /// from the future: then it must not touch bars, nor may it make everything after it late.
        @inline(__always)
        mutating func take(
            _ timeNs: Int64, ingestTimeNs: Int64, journalOffset: Int64, table: inout BarTable,
            counters: inout FeedCounters, into output: EngineOutput
        ) -> Bool {
            if timeNs > watermark.reachedNs {
                guard timeNs <= saturatingSum(ingestTimeNs, futureToleranceNs), Watermark.isPlaceable(timeNs) else {
                    counters.future += 1
                    return false
                }
                watermark.advance(to: timeNs, ingestTimeNs: ingestTimeNs)
                watermarkNs = watermark.timeNs(latenessNs: latenessNs)
                if watermarkNs >= table.nextCloseNs {
                    table.close(
                        upTo: watermarkNs, journalOffset: journalOffset, counters: &counters, into: output)
                }
            } else if timeNs < watermarkNs {
                counters.late += 1
            }
            return true
        }
    }
}
