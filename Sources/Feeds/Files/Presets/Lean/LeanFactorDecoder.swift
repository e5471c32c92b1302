internal import Market
internal import Platform

/// Decodes a factor file of Lean, one frame, into splits and dividends: rows of `corporate_actions`.
///
/// A row's factors hold up to and including its day, so that what changes between a row and the next took effect on the
/// trading day after the row's. The split factor of a row over that of the next is old shares per new one; the price
/// factor of a row over that of the next is 1 less the dividend over the row's close. The place of an action in its frame
/// is the line of its row.
///
/// - Units: dividends are rounded to what the seven digits of the factors tell, at most a hundredth of a cent; splits to
///   small ratios where they are within 1 in 20,000.
final class LeanFactorDecoder: FeedDecoder {
    private let context: DecoderContext
    private let venue: String
    private let tickers: [(ticker: String, through: CivilDate)]
    /// First trading day without the row's effect, by row.
    private let effective: [CivilDate]
    private let actions = CorporateActionWriter(source: "lean")

    /// - Parameter values: `tickers` (`TICKER=last day;…`), `effective` (a day per row), perhaps `venue`.
    init(_ context: DecoderContext, values: [String: String]) throws(FeedError) {
        self.context = context
        venue = values["venue"] ?? "US"
        var tickers: [(String, CivilDate)] = []
        for part in (values["tickers"] ?? "").split(separator: ";") {
            let fields = part.split(separator: "=")
            guard fields.count == 2, let through = CivilDate(fields[1]) else {
                throw FeedError(.settings, "`tickers`: `\(part)` is not a ticker and a day")
            }
            tickers.append((String(fields[0]), through))
        }
        guard !tickers.isEmpty else { throw FeedError(.settings, "`tickers` is missing: whose factors they are") }
        self.tickers = tickers
        var days: [CivilDate] = []
        for part in (values["effective"] ?? "").split(separator: ";") {
            guard let day = CivilDate(part) else { throw FeedError(.settings, "`effective`: `\(part)` is not a day") }
            days.append(day)
        }
        effective = days
    }

    func decode(
        payload: UnsafeRawBufferPointer, journalOffset: Int64, ingestTimeNs: Int64, into events: EventBatch
    ) {
        let text = unsafe String(decoding: payload, as: UTF8.self)
        var rows: [(number: Int, factor: LeanSecurities.Factor)] = []
        for (number, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated()
        where !line.isEmpty {
            if let factor = LeanSecurities.factor(line: line) {
                rows.append((number, factor))
            } else {
                events.rejectLine(
                    line, number, context, journalOffset, ingestTimeNs, "not a day, two factors and a close")
            }
        }
        for (index, (row, next)) in zip(rows, rows.dropFirst()).enumerated() {
            let day = index < effective.count ? effective[index] : Self.nextWeekday(row.factor.through)
            let ticker = tickers.first { $0.through >= day }?.ticker ?? tickers[tickers.count - 1].ticker
            let place = CorporateActionWriter.Place(
                instrument: context.instruments.intern(Instrument(venue: venue, symbol: ticker)),
                effectiveNs: Self.start(of: day), receivedNs: ingestTimeNs, journalOffset: journalOffset,
                frameIndex: Int32(clamping: row.number))
            let ratio = next.factor.split / row.factor.split
            if abs(ratio - 1) > 1e-6 {
                actions.append("split", Self.snapped(ratio), place, to: events.corporateActions)
            }
            let factor = row.factor.price / next.factor.price
            let dividend = Self.dividend(row.factor, factor)
            if dividend > 0 {
                actions.append("dividend", dividend, place, to: events.corporateActions)
            } else if abs(factor - 1) > 1e-9 {
                actions.append("price_factor", factor, place, to: events.corporateActions)
            }
        }
    }

    /// The trading day after a day where no bars tell: holidays are not known.
    static func nextWeekday(_ day: CivilDate) -> CivilDate {
        var next = day.daysSinceEpoch + 1
        while [2, 3].contains(((next % 7) + 7) % 7) { next += 1 }  // 1970-01-01 was a Thursday
        return CivilDate(daysSinceEpoch: next)
    }

    /// Cash per share, from the close of a row and its price factor over that of the next.
    private static func dividend(_ row: LeanSecurities.Factor, _ factor: Double) -> Double {
        // Both factors are rounded to seven digits.
        let uncertainty = row.close * 1e-7 / row.price
        let steps = [10_000.0, 1000, 100].first { 1 / $0 > 2 * uncertainty } ?? 100
        return (row.close * (1 - factor) * steps).rounded() / steps
    }

    /// Midnight in New York.
    private static func start(of day: CivilDate) -> Int64 {
        guard var clock = ZoneClock("America/New_York") else { return day.start.nanoseconds }
        return clock.utcNs(day: day.daysSinceEpoch, ofDayNs: 0)
    }

    /// The ratio of small numbers that it is nearly, such as 7 or 3/2; else itself.
    static func snapped(_ ratio: Double) -> Double {
        for denominator in [1.0, 2, 3, 4, 5, 6, 7, 8, 9, 10] {
            let numerator = (ratio * denominator).rounded()
            if numerator > 0, abs(ratio * denominator / numerator - 1) < 5e-5 { return numerator / denominator }
        }
        let inverse = (1 / ratio).rounded()
        return inverse > 1 && abs(1 / ratio / inverse - 1) < 5e-5 ? 1 / inverse : ratio
    }
}
