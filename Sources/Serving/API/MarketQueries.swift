internal import Databases
internal import Market
internal import Networking
internal import Platform

/// Bars, indicators and trades of one instrument, from the views over hot tables and lake.
struct MarketQueries: Sendable {
    private let service: QueryService
    private let timeoutNs: Int64 = 15_000_000_000

    init(_ service: QueryService) { self.service = service }

    func bars(_ request: HTTPRequest, _ responder: HTTPResponder) throws(RequestFailure) {
        let series = try Series(
            request, known: ["instrument", "source", "interval", "price_type", "from", "to", "limit"])
        let interval = series.interval
        answer(
            responder,
            """
            SELECT * FROM (SELECT start_ns, open, high, low, close, volume, vwap, trades, final, revision, adjusted_close
            FROM bars WHERE \(series.instrumentSQL) AND source = \(SQLText.literal(series.source)) AND "interval" = \(SQLText.literal(interval))
            AND price_type = \(SQLText.literal(series.priceType)) AND \(series.rangeSQL("start_ns", Tables.bars.partition))
            \(series.latestRevisionSQL)
            ORDER BY start_ns DESC LIMIT \(series.limit)) ORDER BY start_ns
            """
        ) { json, rows in
            series.writeHead(to: &json)
            json.member("source", series.source)
            json.key("bars")
            json.beginArray()
            for row in rows {
                json.beginObject()
                json.row(
                    row,
                    [
                        "open", "high", "low", "close", "volume", "vwap", "trades", "final", "revision",
                        "adjusted_close",
                    ],
                    time: "start")
                json.endObject()
            }
            json.endArray()
        }
    }

    func indicators(_ request: HTTPRequest, _ responder: HTTPResponder) throws(RequestFailure) {
        let series = try Series(request, known: ["instrument", "interval", "price_type", "from", "to", "limit"])
        answer(
            responder,
            """
            SELECT name, start_ns, value FROM indicators
            WHERE \(series.instrumentSQL) AND "interval" = \(SQLText.literal(series.interval))
            AND price_type = \(SQLText.literal(series.priceType)) AND \(series.rangeSQL("start_ns", Tables.bars.partition))
            QUALIFY row_number() OVER (PARTITION BY name ORDER BY start_ns DESC) <= \(series.limit)
            ORDER BY name, start_ns
            """
        ) { json, rows in
            series.writeHead(to: &json)
            json.key("series")
            json.beginObject()
            var open: String?
            for row in rows {
                let name = row[0].text
                if name != open {
                    if open != nil { json.endArray() }
                    json.key(text: name)
                    json.beginArray()
                    open = name
                }
                json.beginObject()
                json.row(Array(row.dropFirst()), ["value"], time: "start")
                json.endObject()
            }
            if open != nil { json.endArray() }
            json.endObject()
        }
    }

    func trades(_ request: HTTPRequest, _ responder: HTTPResponder) throws(RequestFailure) {
        let series = try Series(request, known: ["instrument", "from", "to", "limit"], defaultLimit: 100)
        answer(
            responder,
            """
            SELECT event_time_ns, ingest_time_ns, price, size, side, trade_id, conditions, journal_offset, frame_index
            FROM trades WHERE \(series.instrumentSQL) AND \(series.rangeSQL("event_time_ns", Tables.trades.partition))
            ORDER BY event_time_ns DESC, journal_offset DESC, frame_index DESC LIMIT \(series.limit)
            """
        ) { json, rows in
            json.member("instrument", series.instrument.description)
            json.key("trades")
            json.beginArray()
            let names = [
                "ingest_time_ns", "price", "size", "side", "trade_id", "conditions", "journal_offset", "frame_index",
            ]
            for row in rows {
                json.beginObject()
                json.row(row, names, time: "event_time")
                json.endObject()
            }
            json.endArray()
        }
    }

    private func answer(
        _ responder: HTTPResponder, _ sql: String,
        _ write: @escaping @Sendable (inout JSONWriter, [[SQLValue]]) -> Void
    ) {
        let accepted = service.submit { connection in
            guard !responder.isCancelled else { return }
            do throws(DatabaseError) {
                let result = try connection.query(sql, timeoutNs: timeoutNs).collect()
                var json = JSONWriter(reservingBytes: 1 << 14)
                json.beginObject()
                write(&json, result.rows)
                json.endObject()
                responder.respond(.json(bytes: json.bytes))
            } catch {
                responder.respond(error.response)
            }
        }
        if !accepted { responder.respond(.busy) }
    }
}

/// The instrument, bars and range that a request names.
private struct Series {
    let instrument: Instrument
    /// Who made the bars.
    let source: String
    let interval: String
    let priceType: String
    let limit: Int
    private let from: Int64?
    private let to: Int64?

    init(_ request: HTTPRequest, known: [String], defaultLimit: Int = 500) throws(RequestFailure) {
        let values = try RequestValues(request.query, known: known)
        instrument = Instrument(try values.required("instrument"))
        source = values.text("source", default: BarBatch.ownSourceName)
        interval = values.text("interval", default: "1m")
        priceType = try values.choice("price_type", PriceType.allCases.map(\.name), default: "trade")
        limit = try values.integer("limit", in: 1...50_000, default: defaultLimit)
        from = try values.moment("from")
        to = try values.moment("to")
    }

    var instrumentSQL: String {
        "venue = \(SQLText.literal(instrument.venue)) AND symbol = \(SQLText.literal(instrument.symbol))"
    }

    /// Of a vendor's bars the last correction counts; bars made here have one row each.
    var latestRevisionSQL: String {
        source == BarBatch.ownSourceName
            ? "" : "QUALIFY row_number() OVER (PARTITION BY start_ns ORDER BY revision DESC) = 1"
    }

    /// The range as SQL, with the partitions so that other files are not opened.
    func rangeSQL(_ column: String, _ partition: TablePartition) -> String {
        var conditions = ["TRUE"]
        if let from {
            conditions.append("\(column) >= \(from)")
            conditions.append("\(partition.column) >= DATE '\(partition.firstDay(ofNs: from))'")
        }
        if let to {
            conditions.append("\(column) < \(to)")
            conditions.append("\(partition.column) <= DATE '\(partition.firstDay(ofNs: to))'")
        }
        return conditions.joined(separator: " AND ")
    }

    func writeHead(to json: inout JSONWriter) {
        json.member("instrument", instrument.description)
        json.member("interval", interval)
        json.member("price_type", priceType)
    }
}

extension JSONWriter {
    /// A row whose first value is a moment in nanoseconds, then the named values.
    fileprivate mutating func row(_ values: [SQLValue], _ names: [String], time: String) {
        if case .integer(let nanoseconds) = values[0] { moment(time, ns: nanoseconds) }
        for (name, value) in zip(names, values.dropFirst()) {
            key(text: name)
            self.value(json: Array(value.json.utf8))
        }
    }
}

extension HTTPResponse {
    /// JSON that is text already, never cached.
    static func json(bytes: [UInt8], status: Int = 200) -> HTTPResponse {
        HTTPResponse(
            status: status, headers: ["Content-Type": "application/json", "Cache-Control": "no-store"], body: bytes)
    }

    static var busy: HTTPResponse {
        .error(429, code: "busy", "too many queries are waiting; try again in a second", headers: ["Retry-After": "1"])
    }
}

extension DatabaseError {
    /// The answer of the interface to a query that failed.
    var response: HTTPResponse {
        switch code {
        case .timeout: .error(408, code: "timeout", message)
        case .syntax, .binding, .invalidArgument, .notPermitted, .unsupported, .outOfMemory, .cancelled:
            .error(400, code: code.rawValue, message)
        case .driverMissing, .conflict, .io, .database: .error(500, code: code.rawValue, message)
        }
    }
}
