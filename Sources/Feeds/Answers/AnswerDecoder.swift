internal import Glibc
internal import Market
internal import Platform

/// Decodes the answers of REST interfaces: a line that says what was asked, and the body (see `RESTEnvelope`).
///
/// Every answer is read by itself: what is checked is checked within the answer.
final class AnswerDecoder: FeedDecoder {
    private let context: DecoderContext
    /// Readers of the parts that a feed asks for, by the name in the envelope.
    private let readers: [String: AnswerReader]
    private let head: JSONAnswerTable
    private static let headColumns = ["symbol", "venue", "fetched_at", "status", "part"]

    /// - Parameter mappings: by the name of the part; the main one is unnamed.
    /// - Throws: `FeedError` where a mapping names a path that is none.
    init(_ context: DecoderContext, _ mappings: [String: AnswerMapping]) throws(FeedError) {
        self.context = context
        var readers: [String: AnswerReader] = [:]
        for (part, mapping) in mappings { readers[part] = try AnswerReader(mapping, context) }
        self.readers = readers
        head = try JSONAnswerTable([AnswerGroup(layout: .columns, columns: Self.headColumns)])
    }

    func decode(
        payload: UnsafeRawBufferPointer, journalOffset: Int64, ingestTimeNs: Int64, into events: EventBatch
    ) {
        var answer = Answer(
            instrument: Instrument(venue: "", symbol: ""), fetchedAtNs: ingestTimeNs, ingestTimeNs: ingestTimeNs,
            journalOffset: journalOffset, feedNumber: context.feedNumber)
        let length = unsafe TextLines.lengthOfLine(payload)
        let line = unsafe UnsafeRawBufferPointer(rebasing: payload[..<length])
        guard length < payload.count, unsafe head.read(line) == nil, let status = Int(headText("status")) else {
            let fault = AnswerFault(.malformed, "no line that says what was asked")
            return unsafe answer.reject(fault, payload: payload, into: events)
        }
        answer.instrument = Instrument(venue: headText("venue"), symbol: headText("symbol"))
        answer.fetchedAtNs = Timestamp(rfc3339: headText("fetched_at"))?.nanoseconds ?? ingestTimeNs
        let part = headText("part")
        let body = unsafe UnsafeRawBufferPointer(rebasing: payload[(length + 1)...])
        guard (200..<300).contains(status) else {
            let text = unsafe String(decoding: body.prefix(500), as: UTF8.self)
            return unsafe answer.reject(AnswerFault(.venueError, "\(status): \(text)"), payload: body, into: events)
        }
        guard let reader = readers[part] else {
            let fault = AnswerFault(.malformed, "the part `\(part)` was not asked for")
            return unsafe answer.reject(fault, payload: payload, into: events)
        }
        unsafe reader.read(body, answer, into: events)
    }

    private func headText(_ name: String) -> String {
        guard let column = Self.headColumns.firstIndex(of: name) else { return "" }
        return head.cell(0, column, row: 0).text ?? ""
    }
}
