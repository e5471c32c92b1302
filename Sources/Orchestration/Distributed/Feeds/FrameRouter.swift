internal import Analytics
internal import Feeds
internal import Journaling
internal import Market
internal import Platform

/// Where the router puts records: each with the partition that it belongs to, in the order of the journal.
protocol RoutedRecords: AnyObject {
    /// A record, as it is or under another kind.
    func take(_ record: JournalBlock.Record, as kind: RecordKind, partition: Int)
    /// How far a feed had come before a record.
    func take(_ mark: EventTimeMark, feed: FeedID, before offset: Offset, ingestTimeNs: Int64, partition: Int)
}

/// Divides a journal among the partitions of a topic.
///
/// A frame goes to every partition that has one of its instruments: as it is to the lowest, as a copy to the others. What
/// begins and ends sessions goes to all. What a partition is told is a pure function of the journal, `tick` aside, so that
/// sending it again from anywhere gives the same records.
/// - Source: docs/distributed.md.
/// - Threading: one thread.
final class FrameRouter {
    let partitioning: TopicPartitioning
    let configuration: EngineConfiguration
    private let feedNames: FeedNames
    private let makeDecoder: EngineStage.DecoderFactory
    private weak var output: (any RoutedRecords)?
    let instruments = InstrumentTable()
    private let conditions = StringTable()
    private let texts = StringTable()
    private let events: EventBatch
    private let run = FrameRun()
    /// Partition of each instrument, by number.
    private var partitions: [Int32] = []
    /// Partitions of the frame at hand.
    private var targets: [Int] = []
    /// By feed number.
    var feeds: [UInt16: RoutedFeed] = [:]
    /// First offset that was not routed yet.
    var offset: Offset = 0
    /// Frames routed.
    private(set) var frames: Int64 = 0
    /// Copies among what was given out.
    private(set) var copies: Int64 = 0

    init(
        _ partitioning: TopicPartitioning, _ configuration: EngineConfiguration, feedNames: FeedNames,
        output: (any RoutedRecords)?, makeDecoder: @escaping EngineStage.DecoderFactory = FeedRegistry.makeDecoder
    ) {
        self.partitioning = partitioning
        self.configuration = configuration
        self.feedNames = feedNames
        self.makeDecoder = makeDecoder
        self.output = output
        events = EventBatch(texts: texts)
    }

    /// Routes the records of a block that were not routed yet.
    func route(_ block: JournalBlock) {
        var index = max(0, Int(offset - block.firstOffset))
        while index < block.count {
            let record = block[index]
            switch record.kind {
            case .data: index = routeRun(block, from: index)
            case .begin, .end, .heartbeat:
                routeControl(record)
                index += 1
            case .define, .copy, .reached: index += 1
            }
            offset = block.firstOffset + Offset(index)
        }
    }

    /// The state of a feed.
    func feed(_ number: FeedID) -> RoutedFeed {
        if let known = feeds[number.rawValue] { return known }
        let feed = RoutedFeed(
            home: partitioning.home(feed: feedNames.name(number)), partitions: partitioning.count)
        feeds[number.rawValue] = feed
        return feed
    }

    // MARK: Sessions

    private func routeControl(_ record: JournalBlock.Record) {
        let feed = feed(record.feed)
        if feed.isDivided { tellBefore(record, feed) }
        if record.kind == .begin {
            let settings = record.payloadText
            open(feed, record.feed, settings)
            if !SessionSettings.continues(settings) { feed.resetClocks() }
            for (log, last) in feed.decoder?.openingPositions.all ?? [] { feed.positions.advance(log: log, to: last) }
            feed.awaitsFirstFrame = true
            feed.isFirstFrameUntold = false
        }
        for partition in 0..<partitioning.count { output?.take(record, as: record.kind, partition: partition) }
        if record.kind == .end {
            feed.resetClocks()
        } else if record.kind == .heartbeat {
            feed.clock.heartbeat(ingestTimeNs: record.ingestTimeNs, graceNs: configuration.idleGraceNs)
            for partition in feed.known.indices {
                feed.known[partition].heartbeat(ingestTimeNs: record.ingestTimeNs, graceNs: configuration.idleGraceNs)
                feed.told[partition] = feed.known[partition]
            }
        }
        feed.heardNs = record.ingestTimeNs
        feed.heardAtHomeNs = record.ingestTimeNs
    }

    /// Begins a session; also for a state that is restored.
    func open(_ feed: RoutedFeed, _ number: FeedID, _ settings: String) {
        feed.settings = settings
        let context = DecoderContext(
            instruments: instruments, conditions: conditions, texts: texts, feedNumber: UInt32(number.rawValue))
        feed.decoder = try? makeDecoder(settings, context)
        if settings.contains(RoutedFeed.simulatorMark) { feed.lastTrades = feed.lastTrades ?? [:] }
    }

    /// Before a record that all partitions get, all know how far the feed is, and its home when it was heard of last.
    private func tellBefore(_ record: JournalBlock.Record, _ feed: RoutedFeed) {
        for partition in feed.known.indices where feed.known[partition] != feed.clock {
            tell(feed, partition, before: record)
        }
        if feed.heardAtHomeNs != feed.heardNs { tell(feed, feed.home, before: record) }
    }

    private func tell(_ feed: RoutedFeed, _ partition: Int, before record: JournalBlock.Record) {
        output?.take(
            feed.mark, feed: record.feed, before: record.offset, ingestTimeNs: feed.heardNs, partition: partition)
        feed.known[partition] = feed.clock
        feed.told[partition] = feed.clock
        if partition == feed.home { feed.heardAtHomeNs = feed.heardNs }
    }

    // MARK: Frames

    /// Routes data records of one feed up to the first record of another feed or kind; returns its place.
    private func routeRun(_ block: JournalBlock, from start: Int) -> Int {
        let number = block[start].feed
        let feed = feed(number)
        guard feed.isDivided, let decoder = feed.decoder else { return routeWhole(block, from: start, feed) }
        var end = start
        while end < block.count {
            let record = block[end]
            guard record.kind == .data, record.feed == number else { break }
            unsafe run.append(
                payload: record.payload, journalOffset: record.offset, ingestTimeNs: record.ingestTimeNs)
            end += 1
        }
        decoder.decode(run, into: events)
        if feed.lastTrades != nil { noteTrades(feed) }
        var rows = FrameRows(events, futureToleranceNs: configuration.futureToleranceNs)
        for index in start..<end { route(block[index], feed, &rows) }
        run.removeAll()
        events.removeAll()
        return end
    }

    private func route(_ record: JournalBlock.Record, _ feed: RoutedFeed, _ rows: inout FrameRows) {
        targets.removeAll(keepingCapacity: true)
        var recent = InstrumentID.max
        let times = rows.next(record.offset) { instrument in
            if let instrument {
                guard instrument != recent else { return }
                recent = instrument
                add(partition(of: instrument))
            } else {
                add(feed.home)
            }
        }
        if targets.isEmpty { targets.append(feed.home) }
        if feed.isFirstFrameUntold { tell(feed, feed.home, before: record) }
        feed.isFirstFrameUntold = feed.awaitsFirstFrame && !targets.contains(feed.home)
        feed.awaitsFirstFrame = false
        let original = targets.min() ?? feed.home
        for partition in targets {
            let known = feed.known[partition]
            if feed.clock.isInAnotherSecond(than: known, latenessNs: configuration.latenessNs)
                || (known != feed.clock && feed.clock.isLate(times.earliestNs, latenessNs: configuration.latenessNs))
            {
                tell(feed, partition, before: record)
            }
            let isCopy = partition != original
            output?.take(record, as: isCopy ? .copy : .data, partition: partition)
            copies += isCopy ? 1 : 0
            take(times, &feed.known[partition])
            feed.told[partition] = feed.known[partition]
        }
        take(times, &feed.clock)
        feed.heardNs = record.ingestTimeNs
        if targets.contains(feed.home) { feed.heardAtHomeNs = record.ingestTimeNs }
        frames += 1
    }

    private func take(_ times: FrameRows.Times, _ clock: inout EventClock) {
        guard times.latestNs != .min else { return }
        clock.take(
            eventNs: times.latestNs, ingestNs: times.latestIngestNs,
            futureToleranceNs: configuration.futureToleranceNs)
    }

    private func add(_ partition: Int) { if !targets.contains(partition) { targets.append(partition) } }

    private func partition(of instrument: InstrumentID) -> Int {
        while partitions.count <= Int(instrument) {
            partitions.append(Int32(partitioning.partition(of: instruments[InstrumentID(partitions.count)])))
        }
        return Int(partitions[Int(instrument)])
    }

    /// Routes the frames of a feed that is not divided: all to its home.
    private func routeWhole(_ block: JournalBlock, from start: Int, _ feed: RoutedFeed) -> Int {
        let number = block[start].feed
        let hasPositions = feed.decoder?.hasPositions ?? false
        var index = start
        while index < block.count {
            let record = block[index]
            guard record.kind == .data, record.feed == number else { break }
            if hasPositions, let position = unsafe feed.decoder?.position(of: record.payload) {
                _ = unsafe feed.positions.advance(to: position)
            }
            output?.take(record, as: .data, partition: feed.home)
            frames += 1
            index += 1
        }
        return index
    }

    private func noteTrades(_ feed: RoutedFeed) {
        let trades = events.trades
        for row in 0..<trades.count where trades.tradeID[row] != ArrowColumn.missingInt64 {
            let known = feed.lastTrades?[trades.instrument[row]]
            if let known, known.tradeID >= trades.tradeID[row] { continue }
            feed.lastTrades?[trades.instrument[row]] = RoutedFeed.SimulatedTrade(
                price: trades.price[row], tradeID: trades.tradeID[row],
                eventNs: max(trades.eventTimeNs[row], known?.eventNs ?? .min))
        }
    }

    // MARK: Time

    /// Tells partitions to which nothing goes how far event time has come since, so that their bars close. The marks
    /// stand before the next record, and change nothing of what comes then.
    func tick() {
        for (number, feed) in feeds where feed.isDivided && feed.clock.furthest != nil {
            for partition in feed.told.indices
            where feed.clock.isInAnotherSecond(than: feed.told[partition], latenessNs: configuration.latenessNs) {
                output?.take(
                    feed.mark, feed: FeedID(rawValue: number), before: offset, ingestTimeNs: feed.heardNs,
                    partition: partition)
                feed.told[partition] = feed.clock
            }
        }
    }
}
