internal import Journaling
internal import Market

/// Records of the journal that are no messages, as rows of `control_records`.
extension RecordBatch {
    private static let places = (
        time: Tables.controlRecords.place("ingest_time_ns"), feed: Tables.controlRecords.place("feed"),
        kind: Tables.controlRecords.place("kind"), offset: Tables.controlRecords.place("journal_offset"),
        payload: Tables.controlRecords.place("payload")
    )

    /// - Parameter feed: name of its feed; a record that defines a feed has it itself.
    func append(_ record: JournalBlock.Record, feed: String) {
        let payload = record.payloadText
        set(Self.places.time, record.ingestTimeNs)
        set(Self.places.feed, record.kind == .define ? payload : feed)
        set(Self.places.kind, "\(record.kind)")
        set(Self.places.offset, record.offset)
        if record.kind != .define { set(Self.places.payload, payload) }
        end()
    }
}
