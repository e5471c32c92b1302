internal import Databases
internal import Foundation
internal import Networking
internal import Platform

/// `POST /api/v1/query`: one SELECT statement, with limits on rows, bytes and time.
struct UserQuery: Sendable {
    /// Rows that an answer holds at most.
    let rowsMax: Int
    /// Time that a query may take at most, in nanoseconds.
    let timeoutNsMax: Int64
    /// Gives tables as they were; nil where there are none.
    let past: PastTables.Rows?
    private static let bytesMax = 64 << 20

    private struct Body: Decodable {
        let sql: String
        let limit: Int?
        let timeout_ms: Int64?
    }

    func answer(_ request: HTTPRequest, _ responder: HTTPResponder, _ service: QueryService) throws(RequestFailure) {
        guard let body = try? JSONDecoder().decode(Body.self, from: Data(request.body)) else {
            throw .invalid(
                "the body must be a JSON object like {\"sql\":\"SELECT 1\",\"limit\":1000,\"timeout_ms\":10000}")
        }
        let limit = body.limit ?? min(1000, rowsMax)
        guard (1...rowsMax).contains(limit) else { throw .invalid("`limit` must be from 1 to \(rowsMax)") }
        let timeoutNs = min(
            body.timeout_ms.map { $0.multipliedReportingOverflow(by: 1_000_000).partialValue } ?? timeoutNsMax,
            timeoutNsMax)
        guard timeoutNs > 0 else { throw .invalid("`timeout_ms` must be positive") }
        let accepted = service.submit { connection in
            guard !responder.isCancelled else { return }
            let watch = Stopwatch()
            do throws(DatabaseError) {
                let result = try connection.readOnly(body.sql, timeoutNs: timeoutNs, past: past) {
                    stream throws(DatabaseError) in
                    try stream.collect(rows: limit, bytes: Self.bytesMax)
                }
                responder.respond(.json(bytes: Self.json(result, seconds: watch.seconds)))
            } catch {
                responder.respond(error.response)
            }
        }
        if !accepted { responder.respond(.busy) }
    }

    private static func json(_ result: QueryResult, seconds: Double) -> [UInt8] {
        var json = JSONWriter(reservingBytes: 1 << 14)
        json.beginObject()
        json.key("columns")
        json.beginArray()
        for column in result.columns {
            json.beginObject()
            json.member("name", column.name)
            json.member("type", column.type.rawValue)
            json.endObject()
        }
        json.endArray()
        json.key("rows")
        json.beginArray()
        for row in result.rows {
            json.beginArray()
            for value in row { json.value(json: Array(value.json.utf8)) }
            json.endArray()
        }
        json.endArray()
        json.member("row_count", Int64(result.rows.count))
        json.key("truncated")
        json.value(result.isTruncated)
        json.member("seconds", seconds)
        json.endObject()
        return json.bytes
    }
}
