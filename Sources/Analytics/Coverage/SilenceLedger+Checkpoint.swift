internal import Market
internal import Platform

extension SilenceLedger {
    /// Calendars are found again by the names of the venues.
    func encode(into writer: inout BinaryWriter) {
        writer.write(UInt32(slots.count))
        for place in 0..<slots.count {
            let slot = slots[place]
            writer.write(slot.feed)
            writer.write(slot.instrument)
            for value in [slot.lastNs, slot.hourEndNs, slot.longestNs] { writer.write(value) }
            writer.write(slot.events)
            writer.write(slot.profile)
        }
        writer.write(UInt32(profiles.count))
        for profile in profiles { profile.encode(into: &writer) }
        for (_, feed) in feeds.sorted(by: { $0.key < $1.key }) {
            writer.write(UInt32(feed.blackouts.count))
            for blackout in feed.blackouts {
                writer.write(blackout.lowerBound)
                writer.write(blackout.upperBound)
            }
        }
    }

    mutating func restore(from reader: inout BinaryReader) throws(EngineStateError) {
        for _ in 0..<(try reader.value(UInt32.self)) {
            let feed: UInt32 = try reader.value()
            let instrument: InstrumentID = try reader.value()
            guard places[UInt64(feed) << 32 | UInt64(instrument)] == nil,
                instrument == Self.wholeFeed || (feeds[feed] != nil && instrument < 1 << 28)
            else { throw .damaged(at: reader.position, "a silence of no instrument") }
            var slot = Slot(feed: feed, instrument: instrument)
            slot.lastNs = try reader.value()
            slot.hourEndNs = try reader.value()
            slot.longestNs = try reader.value()
            slot.events = try reader.value()
            slot.profile = try reader.value()
            _ = add(slot)
        }
        for _ in 0..<(try reader.value(UInt32.self)) { profiles.append(try GapProfile(from: &reader)) }
        for place in 0..<slots.count where !(-1..<profiles.count).contains(Int(slots[place].profile)) {
            throw .damaged(at: reader.position, "an instrument without its habits")
        }
        for feed in feeds.keys.sorted() {
            for _ in 0..<(try reader.value(UInt32.self)) {
                let from: Int64 = try reader.value()
                let to: Int64 = try reader.value()
                guard from <= to else { throw .damaged(at: reader.position, "a stretch that ends before it begins") }
                feeds[feed]?.blackouts.append(from..<to)
            }
        }
    }
}
