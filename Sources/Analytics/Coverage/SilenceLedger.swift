internal import Market
internal import Platform

/// Waits for events that neither the market's hours nor the instrument's habits explain, in event time.
///
/// Every feed as a whole, and every instrument on it, has a slot with its latest event. What a wait is measured by is the
/// time in which its venue trades, less the time for which the feed was disconnected or silent as a whole.
/// - Complexity: two comparisons per event; more at the first in an hour, and at a wait longer than all in its hour.
struct SilenceLedger: ~Copyable {
    struct Slot {
        /// Latest event time; the largest integer before the first.
        var lastNs = Int64.max
        /// End of the hour whose longest wait is looked for.
        var hourEndNs = Int64.min
        var longestNs: Int64 = 0
        /// Events in that hour.
        var events: Int32 = 0
        var feed: UInt32
        /// The instrument; the largest number stands for the whole feed.
        var instrument: InstrumentID
        /// Place in `profiles`; -1 before the first hour is over.
        var profile: Int32 = -1
        /// Place in `calendars`; -1 where its hours are not known.
        var calendar: Int32 = -1
    }

    static let wholeFeed = InstrumentID.max

    var slots = Slab<Slot>()
    var profiles: [GapProfile] = []
    var places: [UInt64: Int] = [:]
    /// By instrument, the slot that it used last.
    private var recent: [Int32] = []
    var feeds: [UInt32: Feed] = [:]
    private var calendars: [TradingCalendar] = []
    private let venueCalendars: VenueCalendars
    private let names: EngineNames

    /// What is known of a whole feed.
    struct Feed: Equatable {
        var slot: Int
        /// Stretches without connection, or without any event, in event time.
        var blackouts: [Range<Int64>] = []
        /// Calendars of its instruments; nil where the hours of one are not known.
        var calendars: Set<Int32>? = []
    }

    /// Blackouts remembered per feed.
    static let blackoutsMax = 32

    init(_ calendars: VenueCalendars, _ names: EngineNames) {
        venueCalendars = calendars
        self.names = names
    }

    typealias Row = CoverageWriter.Row

    // MARK: Events

    /// The slot of a feed or of an instrument on it.
    @inline(__always)
    mutating func slot(feed: UInt32, instrument: InstrumentID) -> Int {
        if Int(instrument) < recent.count {
            let place = Int(recent[Int(instrument)])
            if place >= 0, slots[place].feed == feed { return place }
        }
        return find(feed: feed, instrument: instrument)
    }

    /// The slot of the whole feed.
    mutating func feedSlot(_ feed: UInt32) -> Int {
        feeds[feed]?.slot ?? find(feed: feed, instrument: Self.wholeFeed)
    }

    @inline(never)
    private mutating func find(feed: UInt32, instrument: InstrumentID) -> Int {
        let key = UInt64(feed) << 32 | UInt64(instrument)
        let place = places[key] ?? add(Slot(feed: feed, instrument: instrument))
        if instrument != Self.wholeFeed {
            while recent.count <= Int(instrument) { recent.append(-1) }
            recent[Int(instrument)] = Int32(place)
        }
        return place
    }

    mutating func add(_ slot: Slot) -> Int {
        var slot = slot
        let place = slots.count
        places[UInt64(slot.feed) << 32 | UInt64(slot.instrument)] = place
        if slot.instrument == Self.wholeFeed {
            feeds[slot.feed] = Feed(slot: place)
        } else {
            precondition(feeds[slot.feed] != nil, "a feed has its slot first")
            slot.calendar = calendar(of: slot.instrument)
            if slot.calendar < 0 { feeds[slot.feed]?.calendars = nil }
            feeds[slot.feed]?.calendars?.insert(slot.calendar)
        }
        slots.append(slot)
        return place
    }

    private mutating func calendar(of instrument: InstrumentID) -> Int32 {
        guard let venue = names.instrument(instrument)?.venue, let found = venueCalendars.calendar(venue: venue) else {
            return -1
        }
        if let known = calendars.firstIndex(where: { $0 === found }) { return Int32(known) }
        calendars.append(found)
        return Int32(calendars.count - 1)
    }

    /// Takes in an event; returns a silence that it ends.
    @inline(__always)
    mutating func note(_ place: Int, timeNs: Int64) -> Row? {
        let last = slots[place].lastNs
        if last < timeNs {
            if timeNs &- last <= slots[place].longestNs, timeNs < slots[place].hourEndNs {
                slots[place].lastNs = timeNs
                slots[place].events &+= 1
                return nil
            }
        } else if last != .max {
            return nil
        }
        return noteSlowly(place, timeNs)
    }

    @inline(never)
    private mutating func noteSlowly(_ place: Int, _ timeNs: Int64) -> Row? {
        let last = slots[place].lastNs
        slots[place].lastNs = timeNs
        slots[place].events &+= 1
        var row: Row?
        if last != .max {
            var waitNs = timeNs - last
            if waitNs > GapProfile.leastNs {
                waitNs = quietNs(slots[place], from: last, to: timeNs)
                if let limitNs = limitNs(slots[place], last), waitNs > limitNs {
                    row = silence(slots[place], from: last, to: timeNs, limitNs: limitNs)
                    waitNs = limitNs
                }
            }
            slots[place].longestNs = max(slots[place].longestNs, waitNs)
        }
        if timeNs >= slots[place].hourEndNs {
            learn(place)
            slots[place].hourEndNs = (timeNs / GapProfile.hourNs + 1) * GapProfile.hourNs
            slots[place].longestNs = 0
            slots[place].events = 0
        }
        return row
    }

    /// Puts the longest wait of the hour that is over where it is known.
    private mutating func learn(_ place: Int) {
        guard slots[place].hourEndNs != .min, slots[place].longestNs > 0 else { return }
        if slots[place].profile < 0 {
            slots[place].profile = Int32(profiles.count)
            profiles.append(GapProfile())
        }
        let isThin = slots[place].events < GapProfile.eventsMin
        let waitNs = isThin ? max(GapProfile.hourNs, slots[place].longestNs) : slots[place].longestNs
        profiles[Int(slots[place].profile)].learn(hour: GapProfile.hour(slots[place].hourEndNs - 1), waitNs: waitNs)
    }

    private func limitNs(_ slot: Slot, _ lastNs: Int64) -> Int64? {
        guard slot.profile >= 0 else { return nil }
        let knowsHours =
            slot.instrument == Self.wholeFeed ? feeds[slot.feed]?.calendars != nil : slot.calendar >= 0
        return profiles[Int(slot.profile)].limitNs(hour: GapProfile.hour(lastNs), knowsHours: knowsHours)
    }

    private mutating func silence(_ slot: Slot, from: Int64, to: Int64, limitNs: Int64) -> Row {
        if slot.instrument == Self.wholeFeed { blackOut(slot.feed, from..<to) }
        return Self.row(slot, from: from, to: to, limitNs: limitNs)
    }

    private static func row(_ slot: Slot, from: Int64, to: Int64, limitNs: Int64) -> Row {
        Row(
            kind: .silence, feed: slot.feed, instrument: slot.instrument == wholeFeed ? nil : slot.instrument,
            fromNs: from, toNs: to, detail: "usual are up to \(limitNs / 1_000_000_000) s of trading time")
    }

    private mutating func blackOut(_ feed: UInt32, _ stretch: Range<Int64>) {
        feeds[feed]?.blackouts.append(stretch)
        if let count = feeds[feed]?.blackouts.count, count > Self.blackoutsMax { feeds[feed]?.blackouts.removeFirst() }
    }

    /// The part of a wait that neither closed venues nor the feed's own trouble explain.
    private func quietNs(_ slot: Slot, from: Int64, to: Int64, besides: Range<Int64>? = nil) -> Int64 {
        guard let feed = feeds[slot.feed] else { return 0 }
        var gaps = (feed.blackouts + [besides].compactMap { $0 })
            .map { $0.clamped(to: from..<to) }.filter { !$0.isEmpty }
        gaps.sort { $0.lowerBound < $1.lowerBound }
        var quiet: Int64 = 0
        var start = from
        for gap in gaps + [to..<to] {
            if gap.lowerBound > start { quiet += tradedNs(slot, feed, from: start, to: gap.lowerBound) }
            start = max(start, gap.upperBound)
        }
        return quiet
    }

    private func tradedNs(_ slot: Slot, _ feed: Feed, from: Int64, to: Int64) -> Int64 {
        if slot.instrument != Self.wholeFeed {
            return slot.calendar < 0 ? to - from : calendars[Int(slot.calendar)].openNs(from: from, to: to)
        }
        guard let own = feed.calendars, !own.isEmpty else { return to - from }
        return own.map { calendars[Int($0)].openNs(from: from, to: to) }.max() ?? 0
    }

    // MARK: Connections

    /// The feed lost its last connection: a silence before it ends there.
    mutating func lost(feed: UInt32, atNs: Int64) -> Row? {
        guard let known = feeds[feed] else { return nil }
        let slot = slots[known.slot]
        guard slot.lastNs != .max, slot.lastNs < atNs, atNs - slot.lastNs > GapProfile.leastNs,
            let limitNs = limitNs(slot, slot.lastNs), quietNs(slot, from: slot.lastNs, to: atNs) > limitNs
        else { return nil }
        return silence(slot, from: slot.lastNs, to: atNs, limitNs: limitNs)
    }

    /// The feed had no connection.
    mutating func disconnected(feed: UInt32, _ stretch: Range<Int64>) {
        if feeds[feed] != nil { blackOut(feed, stretch) }
    }

    /// The feed's data is over: its instruments begin anew, with the habits they have.
    mutating func end(feed: UInt32) {
        guard feeds[feed] != nil else { return }
        feeds[feed]?.blackouts = []
        for place in 0..<slots.count where slots[place].feed == feed {
            learn(place)
            slots[place].lastNs = .max
            slots[place].hourEndNs = .min
            slots[place].longestNs = 0
            slots[place].events = 0
        }
    }

    // MARK: Reading

    /// Silences of a feed that go on.
    ///
    /// - Parameter time: how far the feed is or, where it is disconnected, when that began; event time.
    func ongoing(feed: UInt32, untilNs time: Int64) -> [Row] {
        guard let known = feeds[feed], Watermark.isPlaceable(time) else { return [] }
        var rows: [Row] = []
        func look(_ slot: Slot, besides: Range<Int64>?) {
            guard slot.lastNs != .max, slot.lastNs < time, time - slot.lastNs > GapProfile.leastNs,
                let limitNs = limitNs(slot, slot.lastNs),
                quietNs(slot, from: slot.lastNs, to: time, besides: besides) > limitNs
            else { return }
            rows.append(Self.row(slot, from: slot.lastNs, to: time, limitNs: limitNs))
        }
        look(slots[known.slot], besides: nil)
        let silent = rows.first.map { $0.fromNs..<$0.toNs }
        for place in 0..<slots.count where slots[place].feed == feed && place != known.slot {
            look(slots[place], besides: silent)
        }
        return rows
    }
}
