internal import Market
internal import Platform

/// Decodes a map file of Lean, one frame, into the validity of tickers: rows of `instruments`.
///
/// The place of a row in its frame is its line. Days on which a ticker was another company's, as far as bars show, are
/// rows of their own without a permanent identity.
final class LeanTickerDecoder: FeedDecoder {
    private let context: DecoderContext
    private let venue: String
    /// Ticker, first and last day of companies that are not known.
    private let others: [(ticker: String, from: CivilDate, through: CivilDate)]
    private let columns = Columns()

    private struct Columns {
        let source = Tables.instruments.place("source")
        let name = Tables.instruments.place("name")
        let currency = Tables.instruments.place("currency")
        let validFrom = Tables.instruments.place("valid_from")
        let validTo = Tables.instruments.place("valid_to")
        let permanentID = Tables.instruments.place("permanent_id")
        let updated = Tables.instruments.place("updated_ns")
        let revision = Tables.instruments.place("revision")
    }

    /// - Parameter values: `others` (`TICKER=first=last;…`), perhaps `venue`.
    init(_ context: DecoderContext, values: [String: String]) throws(FeedError) {
        self.context = context
        venue = values["venue"] ?? "US"
        var others: [(String, CivilDate, CivilDate)] = []
        for part in (values["others"] ?? "").split(separator: ";") {
            let fields = part.split(separator: "=")
            guard fields.count == 3, let from = CivilDate(fields[1]), let through = CivilDate(fields[2]) else {
                throw FeedError(.settings, "`others`: `\(part)` is not a ticker with two days")
            }
            others.append((String(fields[0]), from, through))
        }
        self.others = others
    }

    func decode(
        payload: UnsafeRawBufferPointer, journalOffset: Int64, ingestTimeNs: Int64, into events: EventBatch
    ) {
        let text = unsafe String(decoding: payload, as: UTF8.self)
        var good: [Substring] = []
        for (number, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated()
        where !line.isEmpty {
            let fields = line.split(separator: ",")
            if fields.count >= 2, CivilDate(fields[0]) != nil {
                good.append(line)
            } else {
                events.rejectLine(line, number, context, journalOffset, ingestTimeNs, "not a day and a ticker")
            }
        }
        var index: Int32 = 0
        func append(_ ticker: String, _ from: CivilDate, _ through: CivilDate, name: String, permanentID: String) {
            let batch = events.instruments
            batch.begin(journalOffset: journalOffset, frameIndex: index)
            batch.set(instrument: context.instruments.intern(Instrument(venue: venue, symbol: ticker)))
            batch.set(columns.source, "lean")
            batch.set(columns.name, name)
            batch.set(columns.currency, "USD")
            batch.set(columns.validFrom, from.daysSinceEpoch)
            if through < LeanSecurities.openEnd { batch.set(columns.validTo, through.daysSinceEpoch) }
            batch.set(columns.permanentID, permanentID)
            batch.set(columns.updated, ingestTimeNs)
            batch.set(columns.revision, Int64(0))
            batch.end()
            index += 1
        }
        for other in others {
            append(other.ticker, other.from, other.through, name: "another company", permanentID: "")
        }
        for holding in LeanSecurities.holdings(good.joined(separator: "\n"), file: "") {
            append(holding.ticker, holding.from, holding.through, name: "", permanentID: holding.permanentID)
        }
    }
}

extension EventBatch {
    /// Puts a line of a document among the dead letters.
    func rejectLine(
        _ line: Substring, _ number: Int, _ context: DecoderContext, _ journalOffset: Int64, _ ingestTimeNs: Int64,
        _ detail: String
    ) {
        let bytes = Array(line.utf8.prefix(4096))
        unsafe bytes.withUnsafeBytes { payload in
            unsafe deadLetters.append(
                ingestTimeNs: ingestTimeNs, feed: context.feedNumber, journalOffset: journalOffset,
                frameIndex: Int32(clamping: number), reason: .malformed, detail: detail, payload: payload)
        }
    }
}
