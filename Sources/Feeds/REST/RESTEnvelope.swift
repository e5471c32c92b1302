internal import Networking
internal import Platform

/// The frame of an answer: a line of JSON that says what was asked and when the answer came, a line feed, and the
/// answer's body exactly as it came.
///
/// ```
/// {"symbol":"AAPL","venue":"US","fetched_at":"2026-01-02T15:04:05.123Z","status":200}
/// {"c":261.74,"d":1.2,…}
/// ```
///
/// Answers do not say what they answer: without the line, a recorded quote would belong to nobody.
enum RESTEnvelope {
    /// The bytes of a frame.
    static func frame(_ call: RESTCall, _ response: HTTPResponse, fetchedAt: Timestamp) -> [UInt8] {
        var parts = call.fields.map { "\(JSONText.quoted($0.name)):\(JSONText.quoted($0.value))" }
        if call.page > 1 { parts.append("\"page\":\(call.page)") }
        parts.append("\"fetched_at\":\"\(fetchedAt)\"")
        parts.append("\"status\":\(response.status)")
        return Array("{\(parts.joined(separator: ","))}\n".utf8) + response.body
    }
}
