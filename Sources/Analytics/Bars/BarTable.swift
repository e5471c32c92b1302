internal import Market

/// The open bars of one feed: every instrument, price type and interval.
///
/// A *lane* is an instrument and a price type, numbered by first appearance; a *series* is a lane and an interval. Each
/// series chains its open bars from the newest to the oldest. An event in order touches the newest bar of each
/// interval and nothing else: one comparison tells that it belongs there, no division and no search.
/// - Threading: one owner at a time.
struct BarTable: ~Copyable {
    let configuration: EngineConfiguration
    let intervalCount: Int
    private let typeCount: Int
    private var tradingDays: TradingDays
    /// Place of each price type among the configured ones, by raw value; negative where it is not configured.
    private let typePlaces: [Int]
    /// Lane of each instrument and configured price type; negative where there is none.
    private var laneOf = Slab<Int32>()
    private(set) var laneInstruments = Slab<InstrumentID>()
    private(set) var laneTypes = Slab<UInt8>()
    /// Newest open bar of each series.
    private var newest = Slab<Int32>()
    private(set) var slots = Slab<OpenBar>()
    private var firstFree: Int32 = -1
    let queues: [CloseQueue]
    let indicators: IndicatorBank
    /// End of the earliest open bar of all intervals.
    private(set) var nextCloseNs = Int64.max
    private var changed = Slab<Int32>()
    private var reportRound: UInt32 = 1

    init(_ configuration: EngineConfiguration, _ names: EngineNames) {
        self.configuration = configuration
        intervalCount = configuration.intervals.count
        typeCount = configuration.priceTypes.count
        tradingDays = TradingDays(configuration.calendars, names)
        typePlaces = PriceType.allCases.map { configuration.priceTypes.firstIndex(of: $0) ?? -1 }
        queues = configuration.intervals.map { _ in CloseQueue() }
        indicators = IndicatorBank(configuration.indicators)
    }

    // MARK: Lanes

    /// Whether bars are made from prices of a type.
    func builds(_ type: PriceType) -> Bool { typePlaces[Int(type.rawValue)] >= 0 }

    /// The lane of an instrument; a new one where it has none.
    @inline(__always)
    mutating func lane(_ instrument: InstrumentID, _ type: PriceType, place: Int) -> Int {
        let index = Int(instrument) &* typeCount &+ place
        if index < laneOf.count, laneOf[index] >= 0 { return Int(laneOf[index]) }
        return addLane(instrument, type)
    }

    /// Place of a configured price type.
    func place(of type: PriceType) -> Int { typePlaces[Int(type.rawValue)] }

    /// Gives an instrument and price type the next lane.
    @inline(never)
    mutating func addLane(_ instrument: InstrumentID, _ type: PriceType) -> Int {
        let lane = laneInstruments.count
        laneOf.grow(to: (Int(instrument) + 1) * typeCount, filling: -1)
        laneOf[Int(instrument) * typeCount + place(of: type)] = Int32(lane)
        laneInstruments.append(instrument)
        laneTypes.append(type.rawValue)
        newest.grow(to: (lane + 1) * intervalCount, filling: -1)
        indicators.grow(toSeries: (lane + 1) * intervalCount)
        return lane
    }

    // MARK: Events

    /// Takes one event into the bars of its lane that are still open.
    @inline(__always)
    mutating func add(
        lane: Int, timeNs: Int64, price: Double, size: Double, reachedNs: Int64, watermarkNs: Int64,
        journalOffset: Int64
    ) {
        for interval in 0..<intervalCount {
            let series = lane &* intervalCount &+ interval
            var slot = Int(newest[series])
            if slot < 0
                || UInt64(bitPattern: timeNs &- slots[slot].startNs) >= UInt64(bitPattern: slots[slot].lengthNs)
            {
                slot = openBar(series: series, interval: interval, timeNs: timeNs, watermarkNs: watermarkNs)
                if slot < 0 { continue }
            }
            let isAfterEnd = reachedNs &- slots[slot].startNs >= slots[slot].lengthNs
            slots[slot].add(
                timeNs: timeNs, price: price, size: size, isAfterEnd: isAfterEnd, journalOffset: journalOffset)
            if slots[slot].reportRound != reportRound { report(slot) }
        }
    }

    /// The open bar that holds an event time, opened where there is none; negative where it is closed already, and where
    /// the event is outside trading days.
    @inline(never)
    private mutating func openBar(series: Int, interval: Int, timeNs: Int64, watermarkNs: Int64) -> Int {
        guard Watermark.isPlaceable(timeNs) else { return -1 }
        guard let span = span(series: series, interval: interval, timeNs: timeNs),
            span.startNs + span.lengthNs > watermarkNs
        else { return -1 }
        return openBar(series: series, interval: interval, span)
    }

    /// The place in time of the bar that holds an event time; nil outside trading days.
    private mutating func span(series: Int, interval: Int, timeNs: Int64) -> TradingDays.Span? {
        if configuration.intervals[interval].isTradingDay {
            return tradingDays.span(of: laneInstruments[series / intervalCount], at: timeNs)
        }
        let length = configuration.intervals[interval].nanoseconds
        return (barNumber(of: timeNs, length: length) * length, length)
    }

    /// The open bar of a place in time, opened where there is none.
    private mutating func openBar(series: Int, interval: Int, _ span: TradingDays.Span) -> Int {
        let startNs = span.startNs
        var newer: Int32 = -1
        var current = newest[series]
        while current >= 0, slots[Int(current)].startNs > startNs {
            newer = current
            current = slots[Int(current)].older
        }
        if current >= 0, slots[Int(current)].startNs == startNs { return Int(current) }
        let slot = takeSlot(span, series: series)
        slots[Int(slot)].older = current
        if newer < 0 { newest[series] = slot } else { slots[Int(newer)].older = slot }
        queues[interval].append(slot: slot, endNs: slots[Int(slot)].endNs, slots: slots)
        nextCloseNs = min(nextCloseNs, slots[Int(slot)].endNs)
        return Int(slot)
    }

    private mutating func takeSlot(_ span: TradingDays.Span, series: Int) -> Int32 {
        guard firstFree >= 0 else {
            slots.append(
                OpenBar(startNs: span.startNs, lengthNs: span.lengthNs, series: Int32(series), reportRound: 0))
            return Int32(slots.count - 1)
        }
        let slot = firstFree
        firstFree = slots[Int(slot)].older
        slots[Int(slot)] = OpenBar(
            startNs: span.startNs, lengthNs: span.lengthNs, series: Int32(series),
            reportRound: slots[Int(slot)].reportRound)
        return slot
    }

    // MARK: Closing

    /// Emits every bar whose end the watermark has reached: by interval, then end, then order of opening.
    @inline(never)
    mutating func close(
        upTo watermarkNs: Int64, journalOffset: Int64, counters: inout FeedCounters, into output: EngineOutput
    ) {
        nextCloseNs = .max
        for (interval, queue) in queues.enumerated() {
            while queue.nextEndNs <= watermarkNs, queue.nextEndNs != .max {
                var slot = queue.removeFirst()
                while slot >= 0 {
                    let next = slots[Int(slot)].next
                    emit(Int(slot), interval: interval, journalOffset: journalOffset, counters: &counters, into: output)
                    release(slot)
                    slot = next
                }
            }
            nextCloseNs = min(nextCloseNs, queue.nextEndNs)
        }
    }

    private func emit(
        _ slot: Int, interval: Int, journalOffset: Int64, counters: inout FeedCounters, into output: EngineOutput
    ) {
        var bar = bar(slot, interval: interval)
        bar.isFinal = true
        bar.journalOffset = journalOffset
        output.bars.append(bar)
        counters.bars += 1
        counters.indicatorValues += indicators.update(
            series: Int(slots[slot].series), bar: bar, into: output.indicators)
    }

    /// Gives a closed bar's slot back. It is the oldest of its series, because bars close in the order of their ends.
    private mutating func release(_ slot: Int32) {
        let series = Int(slots[Int(slot)].series)
        if newest[series] == slot {
            newest[series] = -1
        } else {
            var newer = newest[series]
            while slots[Int(newer)].older != slot { newer = slots[Int(newer)].older }
            slots[Int(newer)].older = -1
        }
        slots[Int(slot)].series = -1
        slots[Int(slot)].older = firstFree
        firstFree = slot
    }

    // MARK: Reading

    /// The bar in a slot as it is now.
    private func bar(_ slot: Int, interval: Int) -> Bar {
        let lane = Int(slots[slot].series) / intervalCount
        let volume = slots[slot].volume.value
        return Bar(
            instrument: laneInstruments[lane], priceType: PriceType(rawValue: laneTypes[lane]) ?? .trade,
            interval: UInt8(interval), startNs: slots[slot].startNs, open: slots[slot].open, high: slots[slot].high,
            low: slots[slot].low, close: slots[slot].close, volume: volume,
            vwap: volume > 0 ? slots[slot].notional.value / volume : .nan, trades: slots[slot].trades,
            isFinal: false, revision: slots[slot].revision, journalOffset: slots[slot].journalOffset)
    }

    /// Appends all open bars: by interval, then end, then order of opening.
    func appendOpenBars(to batch: BarBatch) {
        for (interval, queue) in queues.enumerated() {
            queue.forEach(slots: slots) { batch.append(bar(Int($0), interval: interval)) }
        }
    }

    /// Remembers that a bar changed, once per round.
    private mutating func report(_ slot: Int) {
        slots[slot].reportRound = reportRound
        changed.append(Int32(slot))
    }

    /// Appends the open bars that changed since this was last called, in the order of their first change.
    mutating func appendChangedBars(to batch: BarBatch) {
        for index in 0..<changed.count {
            let slot = Int(changed[index])
            let series = Int(slots[slot].series)
            if series >= 0 { batch.append(bar(slot, interval: series % intervalCount)) }
        }
        changed.removeAll()
        reportRound &+= 1
        if reportRound == 0 { reportRound = 1 }
    }

    /// Open bars held.
    var openCount: Int {
        var count = 0
        for queue in queues { queue.forEach(slots: slots) { _ in count += 1 } }
        return count
    }
}

// MARK: - Checkpoint

extension BarTable {
    /// Opens a bar as it was in a checkpoint; bars come in the order in which `CloseQueue` holds them.
    mutating func restore(_ saved: OpenBar, interval: Int) {
        let series = Int(saved.series)
        let slot = openBar(series: series, interval: interval, (saved.startNs, saved.lengthNs))
        let (older, next, round) = (slots[slot].older, slots[slot].next, slots[slot].reportRound)
        slots[slot] = saved
        slots[slot].older = older
        slots[slot].next = next
        slots[slot].reportRound = round
    }
}
