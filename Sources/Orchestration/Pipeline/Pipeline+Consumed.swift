public import Feeds
internal import Journaling
internal import Market

extension Pipeline {
    /// How far a feed had come when the pipeline was opened: by the engine's checkpoint, and by the records behind it,
    /// which are looked through here, so that nobody waits for the engine.
    public func consumed(feed name: String, unless isCancelled: () -> Bool) throws -> ConsumedBefore? {
        let feed = try journal.feed(named: name)
        var search = ConsumedSearch(opening.feeds[UInt32(feed.rawValue)]?.consumed ?? ConsumedBefore())
        let end = journal.recovery.nextOffset
        guard opening.offset < end else { return search.found }
        let reader = try journal.makeReader(from: opening.offset)
        while true {
            if isCancelled() { return nil }
            guard let block = try reader.next(timeoutNs: 20_000_000) else { continue }
            for index in 0..<block.count where block[index].feed == feed && block[index].offset >= opening.offset {
                search.take(block[index])
            }
            if block.endOffset >= end { return search.found }
        }
    }
}

/// Takes the records of one feed, in order.
private struct ConsumedSearch {
    private(set) var found: ConsumedBefore
    private var decoder: (any FeedDecoder)?

    init(_ before: ConsumedBefore) {
        found = before
        decoder = before.settings.flatMap(Self.decoder)
    }

    mutating func take(_ record: JournalBlock.Record) {
        switch record.kind {
        case .begin:
            found.settings = record.payloadText
            decoder = Self.decoder(record.payloadText)
            for (log, last) in decoder?.openingPositions.all ?? [] { found.positions.advance(log: log, to: last) }
        case .data:
            if let position = unsafe decoder?.position(of: record.payload) {
                _ = unsafe found.positions.advance(to: position)
            }
        case .end, .heartbeat, .define, .copy, .reached: break
        }
    }

    private static func decoder(_ settings: String) -> (any FeedDecoder)? {
        let context = DecoderContext(instruments: InstrumentTable(), conditions: StringTable(), feedNumber: 0)
        return try? FeedRegistry.makeDecoder(settings: settings, context: context)
    }
}
