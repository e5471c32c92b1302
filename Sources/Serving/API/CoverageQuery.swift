internal import Databases
internal import Market
internal import Networking
internal import Platform

/// `GET /api/v1/coverage`: what was received when, and what is missing.
struct CoverageQuery: Sendable {
    private static let kinds = ["connection", "disconnected", "silence", "sequence_gap", "backfill"]
    private let service: QueryService

    init(_ service: QueryService) { self.service = service }

    /// - Parameter feedOf: the feed that an instrument comes from, where it is known.
    func answer(
        _ request: HTTPRequest, _ responder: HTTPResponder, feedOf: (Instrument) -> String?
    ) throws(RequestFailure) {
        let values = try RequestValues(request.query, known: ["feed", "instrument", "kind", "from", "to", "limit"])
        var conditions = ["TRUE"]
        let feed = values.text("feed", default: "")
        if !feed.isEmpty { conditions.append("feed = \(SQLText.literal(feed))") }
        let kind = values.text("kind", default: "")
        if !kind.isEmpty {
            conditions.append("kind = \(SQLText.literal(try values.choice("kind", Self.kinds, default: "")))")
        }
        let text = values.text("instrument", default: "")
        if !text.isEmpty {
            let instrument = Instrument(text)
            let own =
                "(venue = \(SQLText.literal(instrument.venue)) AND symbol = \(SQLText.literal(instrument.symbol)))"
            let whole = feedOf(instrument).map { " OR (symbol IS NULL AND feed = \(SQLText.literal($0)))" } ?? ""
            conditions.append("(\(own)\(whole))")
        }
        if let from = try values.moment("from") { conditions.append("to_ns > \(from)") }
        if let to = try values.moment("to") {
            conditions.append("from_ns < \(to)")
            conditions.append("month <= DATE '\(TablePartition.month.firstDay(ofNs: to))'")
        }
        let limit = try values.integer("limit", in: 1...50_000, default: 1000)
        let sql = """
            SELECT * FROM (SELECT from_ns, to_ns, feed, venue, symbol, kind, ongoing, missing, first_id, last_id, detail
            FROM coverage WHERE \(conditions.joined(separator: " AND ")) ORDER BY from_ns DESC, to_ns DESC LIMIT \(limit))
            ORDER BY from_ns, to_ns
            """
        let accepted = service.submit { connection in
            guard !responder.isCancelled else { return }
            do throws(DatabaseError) {
                let rows = try connection.query(sql, timeoutNs: 15_000_000_000).collect().rows
                responder.respond(.json(bytes: Self.json(rows)))
            } catch {
                responder.respond(error.response)
            }
        }
        if !accepted { responder.respond(.busy) }
    }

    private static func json(_ rows: [[SQLValue]]) -> [UInt8] {
        var json = JSONWriter(reservingBytes: 1 << 12)
        json.beginObject()
        json.key("coverage")
        json.beginArray()
        for row in rows {
            json.beginObject()
            for (place, name) in ["from", "to"].enumerated() {
                if case .integer(let timeNs) = row[place] { json.moment(name, ns: timeNs) }
            }
            let isWholeFeed = row[4] == .null
            json.member("feed", row[2].text)
            json.member(
                "instrument",
                isWholeFeed ? nil : Instrument(venue: row[3].text, symbol: row[4].text).description)
            for (name, value) in zip(["kind", "ongoing", "missing", "first_id", "last_id", "detail"], row[5...]) {
                json.key(text: name)
                json.value(json: Array(value.json.utf8))
            }
            json.endObject()
        }
        json.endArray()
        json.endObject()
        return json.bytes
    }
}
