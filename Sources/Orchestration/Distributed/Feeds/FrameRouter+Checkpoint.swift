internal import Analytics
internal import Feeds
internal import Journaling
internal import Market
internal import Platform

extension FrameRouter {
    private static let version: UInt32 = 1

    /// The state when every record before `offset` is routed.
    ///
    /// - Parameter topic: where it is routed to; the state means nothing for another one.
    func encode(topic: String) -> [UInt8] {
        var writer = BinaryWriter()
        writer.write(Self.version)
        writer.write(topic)
        writer.write(UInt32(partitioning.count))
        writer.write(offset)
        writer.write(UInt32(feeds.count))
        for (number, feed) in feeds.sorted(by: { $0.key < $1.key }) {
            writer.write(number)
            writer.write(feed.settings != nil)
            writer.write(feed.settings ?? "")
            for clock in [feed.clock] + feed.known { for field in clock.fields { writer.write(field) } }
            writer.write(feed.heardNs)
            writer.write(feed.heardAtHomeNs)
            writer.write(feed.isFirstFrameUntold)
            writer.write(feed.awaitsFirstFrame)
            encode(feed.positions, into: &writer)
            encode(feed.lastTrades ?? [:], into: &writer)
        }
        return writer.bytes
    }

    private func encode(_ positions: StreamPositions, into writer: inout BinaryWriter) {
        writer.write(UInt32(positions.all.count))
        for (log, last) in positions.all {
            writer.write(log)
            writer.write(last.description)
        }
    }

    private func encode(_ trades: [InstrumentID: RoutedFeed.SimulatedTrade], into writer: inout BinaryWriter) {
        writer.write(UInt32(trades.count))
        for (instrument, trade) in trades.sorted(by: { $0.key < $1.key }) {
            writer.write(instruments[instrument].venue)
            writer.write(instruments[instrument].symbol)
            writer.write(trade.price)
            writer.write(trade.tradeID)
            writer.write(trade.eventNs)
        }
    }

    /// Takes over a state.
    ///
    /// - Returns: false where it is of another topic or version: then all that the journal has is to be routed.
    func restore(_ state: [UInt8], topic: String) throws -> Bool {
        var reader = BinaryReader(state)
        guard try reader.read(UInt32.self) == Self.version, try reader.readString() == topic,
            try reader.read(UInt32.self) == UInt32(partitioning.count)
        else { return false }
        let offset = try reader.read(Offset.self)
        feeds = [:]
        for _ in 0..<(try reader.read(UInt32.self)) {
            let number = FeedID(rawValue: try reader.read())
            let feed = feed(number)
            let hasSession = try reader.readBool()
            let settings = try reader.readString()
            feed.clock = try Self.clock(&reader)
            for partition in feed.known.indices { feed.known[partition] = try Self.clock(&reader) }
            feed.told = feed.known
            feed.heardNs = try reader.read()
            feed.heardAtHomeNs = try reader.read()
            feed.isFirstFrameUntold = try reader.readBool()
            feed.awaitsFirstFrame = try reader.readBool()
            feed.positions = try Self.positions(&reader)
            let trades = try lastTrades(&reader)
            if !trades.isEmpty { feed.lastTrades = trades }
            if hasSession { open(feed, number, settings) }
        }
        self.offset = offset
        return true
    }

    private static func clock(_ reader: inout BinaryReader) throws -> EventClock {
        var fields: [Int64] = []
        for _ in 0..<3 { fields.append(try reader.read()) }
        return EventClock(fields: fields) ?? EventClock()
    }

    private static func positions(_ reader: inout BinaryReader) throws -> StreamPositions {
        var positions = StreamPositions()
        for _ in 0..<(try reader.read(UInt32.self)) {
            let log = try reader.readBytes()
            let digits = try reader.readString()
            if let number = StreamNumber(digits: Array(digits.utf8)) { positions.advance(log: log, to: number) }
        }
        return positions
    }

    private func lastTrades(_ reader: inout BinaryReader) throws -> [InstrumentID: RoutedFeed.SimulatedTrade] {
        var trades: [InstrumentID: RoutedFeed.SimulatedTrade] = [:]
        for _ in 0..<(try reader.read(UInt32.self)) {
            let venue = try reader.readString()
            let instrument = instruments.intern(Instrument(venue: venue, symbol: try reader.readString()))
            trades[instrument] = RoutedFeed.SimulatedTrade(
                price: try reader.readDouble(), tradeID: try reader.read(), eventNs: try reader.read())
        }
        return trades
    }
}
