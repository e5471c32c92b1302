internal import Market

/// Writes rows of `corporate_actions`.
struct CorporateActionWriter {
    /// Where and when an action is.
    struct Place {
        let instrument: InstrumentID
        /// Start of the first trading day on which prices are without it, in nanoseconds since 1970 UTC.
        let effectiveNs: Int64
        let receivedNs: Int64
        let journalOffset: Int64
        let frameIndex: Int32
    }

    private let source: String
    private let columns = Columns()

    private struct Columns {
        let source = Tables.corporateActions.place("source")
        let kind = Tables.corporateActions.place("kind")
        let effective = Tables.corporateActions.place("effective_ns")
        let value = Tables.corporateActions.place("value")
        let currency = Tables.corporateActions.place("currency")
        let ingestTime = Tables.corporateActions.place("ingest_time_ns")
        let revision = Tables.corporateActions.place("revision")
    }

    /// - Parameter source: the vendor or file that states them.
    init(source: String) { self.source = source }

    /// - Parameters:
    ///   - kind: `split`, `dividend` or `price_factor`.
    ///   - value: new shares for one old share; cash per share; or the factor.
    ///   - currency: of a dividend, where it is known.
    func append(_ kind: String, _ value: Double, currency: String? = nil, _ place: Place, to batch: RecordBatch) {
        batch.begin(journalOffset: place.journalOffset, frameIndex: place.frameIndex)
        batch.set(instrument: place.instrument)
        batch.set(columns.source, source)
        batch.set(columns.kind, kind)
        batch.set(columns.effective, place.effectiveNs)
        batch.set(columns.value, value)
        if let currency { batch.set(columns.currency, currency) }
        batch.set(columns.ingestTime, place.receivedNs)
        batch.set(columns.revision, Int64(0))
        batch.end()
    }
}
