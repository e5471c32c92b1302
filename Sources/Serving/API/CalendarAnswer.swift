internal import Market
internal import Networking
internal import Platform

/// `GET /api/v1/calendar`: whether a venue is open, when that changes, and its sessions.
enum CalendarAnswer {
    /// Days of sessions that one answer gives at most.
    private static let daysMax: Int64 = 4000

    static func json(
        _ request: HTTPRequest, _ calendars: VenueCalendars, nowNs: Int64
    ) throws(RequestFailure) -> [UInt8] {
        let values = try RequestValues(request.query, known: ["venue", "from", "to"])
        let venue = try values.required("venue")
        let calendar = calendars.calendar(venue: venue)
        var json = JSONWriter(reservingBytes: 1 << 12)
        json.beginObject()
        json.member("venue", venue)
        json.key("calendar")
        json.value(calendar?.code)
        if let calendar {
            json.member("name", calendar.name)
            json.member("zone", calendar.zone)
            json.key("open")
            json.value(calendar.isOpen(at: nowNs))
            let open = calendar.isAlwaysOpen ? nil : calendar.nextOpen(after: nowNs)
            json.moment("next_open", ns: open ?? .min)
            json.member("next_open_text", open.map(calendar.wallText))
            json.moment("next_close", ns: calendar.isAlwaysOpen ? .min : calendar.nextClose(after: nowNs) ?? .min)
            try writeSessions(calendar, values, nowNs, &json)
        }
        json.endObject()
        return json.bytes
    }

    private static func writeSessions(
        _ calendar: TradingCalendar, _ values: RequestValues, _ nowNs: Int64, _ json: inout JSONWriter
    ) throws(RequestFailure) {
        func day(_ ns: Int64) -> Int64 { CivilDate.split(Timestamp(nanoseconds: ns)).date.daysSinceEpoch }
        let first = day(try values.moment("from") ?? nowNs)
        let last = try values.moment("to").map(day) ?? first + 7
        guard first <= last, last - first <= daysMax else {
            throw .invalid("`to` lies before `from`, or more than \(daysMax) days behind it")
        }
        json.key("sessions")
        json.beginArray()
        for number in first...last {
            guard let session = calendar.session(on: CivilDate(daysSinceEpoch: number)) else { continue }
            json.beginObject()
            json.member("day", session.day.description)
            json.key("early_close")
            json.value(session.isShortened)
            json.key("spans")
            json.beginArray()
            for span in session.spans {
                json.beginObject()
                json.moment("open", ns: span.openNs)
                json.moment("close", ns: span.closeNs)
                json.endObject()
            }
            json.endArray()
            json.endObject()
        }
        json.endArray()
    }
}
