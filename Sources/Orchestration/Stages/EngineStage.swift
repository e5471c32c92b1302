package import Analytics
package import Feeds
package import Journaling
package import Market
internal import Platform

/// Turns journal blocks into steps: decoders, engine and the board of latest prices, with one state and one offset.
///
/// - Threading: one thread.
package final class EngineStage {
    private let configuration: EngineConfiguration
    /// What belongs here where other partitions have the rest; nil where everything does.
    private let share: PartitionShare?
    private var filter: PartitionFilter?
    /// Offsets of a run's frames whose originals are in other partitions.
    private var copies: [Offset] = []
    private let makeDecoder: DecoderFactory
    package let board: MarketBoard
    private(set) package var engine: Engine
    private(set) package var instruments = InstrumentTable()
    private var conditions = StringTable()
    /// Numbers of category texts; in memory only.
    private let texts = StringTable()
    private let feedNames: FeedNames
    private var sessions: [UInt16: Session] = [:]
    /// Those of the run that were asked for afterwards.
    private var backfills: [BackfilledFrame] = []
    /// Frames of a run on their way to the decoder; they lie in the block.
    private let run = FrameRun()
    /// First offset that is not processed yet.
    private(set) package var offset: Offset = 0
    /// Frames and events that were rejected.
    private(set) package var deadLetters: Int64 = 0
    /// Frames processed.
    private(set) package var frames: Int64 = 0
    /// Messages of kinds that nobody asked for.
    private(set) package var ignored: Int64 = 0

    /// Makes the decoder of a session from the settings in its `begin` record.
    package typealias DecoderFactory = (_ settings: String, _ context: DecoderContext) throws -> any FeedDecoder

    /// A feed that is delivering: what its decoder was made from, so that a restart makes the same one.
    private struct Session {
        let settings: String
        let decoder: (any FeedDecoder)?
    }

    package init(
        _ configuration: EngineConfiguration, share: PartitionShare? = nil, board: MarketBoard, feedNames: FeedNames,
        makeDecoder: @escaping DecoderFactory
    ) throws {
        self.configuration = configuration
        self.share = share
        self.board = board
        self.feedNames = feedNames
        self.makeDecoder = makeDecoder
        engine = Engine(configuration, names: Self.names(instruments, feedNames, share))
        filter = makeFilter()
    }

    private static func names(
        _ instruments: InstrumentTable, _ feeds: FeedNames, _ share: PartitionShare?
    ) -> EngineNames {
        EngineNames(
            feed: { feeds.name($0) }, instrument: { Int($0) < instruments.count ? instruments[$0] : nil },
            tellsOfFeed: { share?.isHome(ofFeed: feeds.name($0)) ?? true })
    }

    private func makeFilter() -> PartitionFilter? {
        share.map { share in
            PartitionFilter(futureToleranceNs: configuration.futureToleranceNs) { [instruments] in
                share.owns(instruments[$0])
            }
        }
    }

    /// What the state depends on.
    private var fingerprint: String { configuration.fingerprint + (share.map { ", \($0.description)" } ?? "") }

    /// Begins at an offset, with no state.
    package func start(at offset: Offset) { self.offset = offset }

    package func makeStep() -> Step {
        Step(output: EngineOutput(configuration, texts: texts), endOffset: offset)
    }

    /// Processes the records of a block that were not processed yet.
    package func process(_ block: JournalBlock, into step: Step) {
        let framesBefore = step.frames.count
        let deadLettersBefore = step.events.deadLetters.count
        let ignoredBefore = step.events.ignored
        var index = max(0, Int(offset - block.firstOffset))
        while index < block.count {
            let record = block[index]
            if record.kind == .data || record.kind == .copy {
                index = processRun(block, from: index, into: step)
            } else {
                processControl(record, into: step)
                index += 1
            }
        }
        frames += Int64(step.frames.count - framesBefore)
        deadLetters += Int64(step.events.deadLetters.count - deadLettersBefore)
        ignored += Int64(step.events.ignored - ignoredBefore)
        offset = max(offset, block.endOffset)
        step.endOffset = offset
    }

    /// Processes data records of one feed up to the first record of another feed or kind; returns its place.
    private func processRun(_ block: JournalBlock, from start: Int, into step: Step) -> Int {
        let feed = block[start].feed
        let tradesFrom = step.events.trades.count
        let quotesFrom = step.events.quotes.count
        let othersFrom = OtherRows(step.events)
        let deadLettersFrom = step.events.deadLetters.count
        let session = sessions[feed.rawValue]
        let decoder = session?.decoder
        let hasKeys = decoder?.hasDeliveryKeys ?? false
        let hasPositions = decoder?.hasPositions ?? false
        var index = start
        while index < block.count {
            let record = block[index]
            guard record.kind == .data || record.kind == .copy, record.feed == feed else { break }
            if let source = unsafe BackfillFrame.source(record.payload) {
                backfills.append(BackfilledFrame(journalOffset: record.offset, source: source))
            }
            var outcome = DeliveryOutcome.new
            if hasPositions, let position = unsafe decoder?.position(of: record.payload) {
                outcome = unsafe engine.takes(position, feed: UInt32(feed.rawValue)) ? .new : .repeated
            } else if hasKeys, let delivery = unsafe decoder?.delivery(of: record.payload) {
                outcome = engine.takes(delivery, feed: UInt32(feed.rawValue))
                // Dead letters stand in the order of the journal: what came before is decoded first.
                if outcome == .reused, run.count > 0 { break }
            }
            if record.kind == .copy {
                copies.append(record.offset)
            } else {
                unsafe step.frames.append(
                    ingestTimeNs: record.ingestTimeNs, feed: UInt32(feed.rawValue), journalOffset: record.offset,
                    payload: record.payload)
            }
            if decoder == nil {
                reject(record, .malformed, "no session of this feed can decode it", into: step)
            } else if outcome == .reused {
                reject(
                    record, .keyReused,
                    "the idempotency key was used before, for other content; nothing of this is kept",
                    into: step)
            } else if outcome == .new {
                unsafe run.append(
                    payload: record.payload, journalOffset: record.offset, ingestTimeNs: record.ingestTimeNs)
            }
            index += 1
        }
        decoder?.decode(run, into: step.events)
        run.removeAll()
        if let decoder, decoder.isDivisible {
            filter?.takeOut(
                from: step.events, tradesFrom: tradesFrom, quotesFrom: quotesFrom, othersFrom: othersFrom,
                deadLettersFrom: deadLettersFrom, isHome: share?.isHome(ofFeed: feedNames.name(feed)) ?? true,
                copies: copies)
            engine.process(
                step.events, tradesFrom: tradesFrom, quotesFrom: quotesFrom, othersFrom: othersFrom,
                backfills: backfills, following: filter?.followed ?? [], feed: UInt32(feed.rawValue),
                into: step.output)
        } else {
            engine.process(
                step.events, tradesFrom: tradesFrom, quotesFrom: quotesFrom, othersFrom: othersFrom,
                backfills: backfills, feed: UInt32(feed.rawValue), into: step.output)
        }
        backfills.removeAll(keepingCapacity: true)
        copies.removeAll(keepingCapacity: true)
        board.apply(step.events, tradesFrom: tradesFrom, quotesFrom: quotesFrom, feed: UInt32(feed.rawValue))
        return index
    }

    private func reject(_ record: JournalBlock.Record, _ reason: RejectReason, _ detail: String, into step: Step) {
        unsafe step.events.deadLetters.append(
            ingestTimeNs: record.ingestTimeNs, feed: UInt32(record.feed.rawValue), journalOffset: record.offset,
            frameIndex: 0, reason: reason, detail: detail, payload: record.payload)
    }

    private func processControl(_ record: JournalBlock.Record, into step: Step) {
        let feed = UInt32(record.feed.rawValue)
        // What partitions of a journal have is not in any order that could be read again.
        if share == nil { step.controls.append(record, feed: feedNames.name(record.feed)) }
        switch record.kind {
        case .begin:
            let settings = record.payloadText
            open(record.feed, settings)
            engine.begin(
                feed: feed, continues: SessionSettings.continues(settings),
                connection: SessionSettings.connection(settings), ingestTimeNs: record.ingestTimeNs,
                journalOffset: record.offset, into: step.output)
            for (log, last) in sessions[record.feed.rawValue]?.decoder?.openingPositions.all ?? [] {
                engine.saw(log: log, upTo: last, feed: feed)
            }
        case .end: engine.end(feed: feed, journalOffset: record.offset, into: step.output)
        case .heartbeat:
            if let loss = ConnectionLoss(payload: record.payloadText) {
                engine.lost(
                    feed: feed, connection: ConnectionLabel(line: loss.line, epoch: loss.epoch), reason: loss.reason,
                    ingestTimeNs: record.ingestTimeNs, journalOffset: record.offset, into: step.output)
                return
            }
            engine.heartbeat(
                feed: feed, ingestTimeNs: record.ingestTimeNs, journalOffset: record.offset, into: step.output)
        case .reached:
            guard let mark = unsafe EventTimeMark(payload: record.payload) else { return }
            engine.follow(
                FollowedEvent(
                    journalOffset: record.offset, eventTimeNs: mark.eventNs, ingestTimeNs: mark.ingestNs),
                recordTimeNs: record.ingestTimeNs, feed: feed, into: step.output)
        case .data, .copy, .define: break
        }
    }

    private func open(_ feed: FeedID, _ settings: String) {
        let context = DecoderContext(
            instruments: instruments, conditions: conditions, texts: texts, feedNumber: UInt32(feed.rawValue))
        do {
            sessions[feed.rawValue] = Session(settings: settings, decoder: try makeDecoder(settings, context))
        } catch {
            Log.error(
                "a feed's session cannot be decoded; its frames become dead letters",
                ["feed": feedNames.name(feed), "reason": "\(error)"])
            sessions[feed.rawValue] = Session(settings: settings, decoder: nil)
        }
    }

    /// Numbers of the feeds that had a session.
    package var knownFeeds: [UInt32] { sessions.keys.map(UInt32.init).sorted() }

    /// Settings of a feed's latest session.
    package func settings(ofFeed feed: UInt32) -> String? { UInt16(exactly: feed).flatMap { sessions[$0]?.settings } }

    /// What the indices in the columns mean now.
    package func dictionaries() -> BatchDictionaries {
        BatchDictionaries(
            venues: instruments.venues.snapshot(), symbols: instruments.symbols.snapshot(),
            conditions: conditions.snapshot(), feeds: feedNames.dictionary())
    }

    /// The state for a checkpoint.
    package func encode() -> [UInt8] {
        var writer = BinaryWriter()
        writer.write(UInt32(3))
        writer.write(fingerprint)
        for value in [offset, deadLetters, frames, ignored] { writer.write(value) }
        instruments.encode(into: &writer)
        writer.write(UInt32(conditions.count))
        for index in 0..<conditions.count { writer.write(conditions[UInt32(index)]) }
        writer.write(UInt32(sessions.count))
        for (feed, session) in sessions.sorted(by: { $0.key < $1.key }) {
            writer.write(feed)
            writer.write(session.settings)
        }
        board.encode(into: &writer)
        writer.write(engine.encode())
        return writer.bytes
    }

    /// Takes over the state of a checkpoint.
    ///
    /// - Returns: false where the state is of another configuration, so that the journal must be read again.
    package func restore(_ state: [UInt8]) throws -> Bool {
        var reader = BinaryReader(state)
        guard try reader.read(UInt32.self) == 3, try reader.readString() == fingerprint else {
            return false
        }
        offset = try reader.read()
        deadLetters = try reader.read()
        frames = try reader.read()
        ignored = try reader.read()
        instruments = try InstrumentTable(from: &reader)
        conditions = StringTable()
        for _ in 0..<(try reader.read(UInt32.self)) { _ = conditions.intern(try reader.readString()) }
        sessions = [:]
        for _ in 0..<(try reader.read(UInt32.self)) {
            let feed = FeedID(rawValue: try reader.read())
            open(feed, try reader.readString())
        }
        try board.restore(from: &reader)
        engine = try Engine(
            configuration, names: Self.names(instruments, feedNames, share), restoring: try reader.readBytes())
        filter = makeFilter()
        return true
    }
}
