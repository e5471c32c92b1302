internal import Market
internal import Platform

/// Which trading day an event belongs to, for the bars of `1d`: from the opening of the instrument's venue to its close,
/// with the closing auction. A UTC day where the venue has no calendar or never closes.
///
/// Events of one venue come close together in time, so that its calendar is asked a few times a day.
struct TradingDays {
    /// A bar's place in time, in nanoseconds.
    typealias Span = (startNs: Int64, lengthNs: Int64)

    private struct Cursor {
        let calendar: TradingCalendar
        var stretch: (fromNs: Int64, toNs: Int64, isTraded: Bool) = (.max, .min, false)
    }

    private let venues: VenueCalendars
    private let names: EngineNames
    private var cursors: [Cursor] = []
    /// Place in `cursors` by instrument: -1 where days are those of UTC, -2 where nobody looked yet.
    private var places: [Int16] = []

    init(_ venues: VenueCalendars, _ names: EngineNames) {
        self.venues = venues
        self.names = names
    }

    /// The trading day around an event time; nil where the venue is closed then: before, after, on holidays.
    mutating func span(of instrument: InstrumentID, at timeNs: Int64) -> Span? {
        let place = place(of: instrument)
        guard place >= 0 else {
            let length = Timestamp.nanosecondsPerDay
            return (barNumber(of: timeNs, length: length) * length, length)
        }
        var stretch = cursors[place].stretch
        if timeNs < stretch.fromNs || timeNs >= stretch.toNs {
            stretch = cursors[place].calendar.dailyBar(at: timeNs)
            cursors[place].stretch = stretch
        }
        return stretch.isTraded ? (stretch.fromNs, stretch.toNs - stretch.fromNs) : nil
    }

    private mutating func place(of instrument: InstrumentID) -> Int {
        let index = Int(instrument)
        if index >= places.count {
            places += Array(repeating: -2, count: max(index + 1, places.count * 2) - places.count)
        }
        if places[index] == -2 { places[index] = look(instrument) }
        return Int(places[index])
    }

    private mutating func look(_ instrument: InstrumentID) -> Int16 {
        guard let venue = names.instrument(instrument)?.venue, let calendar = venues.calendar(venue: venue),
            !calendar.isAlwaysOpen
        else { return -1 }
        if let known = cursors.firstIndex(where: { $0.calendar === calendar }) { return Int16(known) }
        cursors.append(Cursor(calendar: calendar))
        return Int16(cursors.count - 1)
    }
}
