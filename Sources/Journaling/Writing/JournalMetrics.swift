internal import Platform

/// What a journal counts.
struct JournalMetrics: Sendable {
    let records: Counter
    let rawBytes: Counter
    let storedBytes: Counter
    let blocks: Counter
    let sync: Histogram
    let commit: Histogram
    let stalled: Gauge
    let recoveredTornBytes: Gauge

    init(_ metrics: Metrics) {
        records = metrics.counter("tapedeck_journal_records_total", help: "Records made durable.")
        rawBytes = metrics.counter(
            "tapedeck_journal_raw_bytes_total", help: "Bytes of records made durable, before compression.")
        storedBytes = metrics.counter(
            "tapedeck_journal_stored_bytes_total", help: "Bytes of blocks made durable, after compression.")
        blocks = metrics.counter("tapedeck_journal_blocks_total", help: "Blocks made durable.")
        sync = metrics.histogram(
            "tapedeck_journal_sync_seconds", help: "Time of one write to the journal and its sync.")
        commit = metrics.histogram(
            "tapedeck_journal_commit_seconds",
            help: "Time from the append of the first record of a block until the block is durable.")
        stalled = metrics.gauge(
            "tapedeck_journal_stalled", help: "1 while the journal cannot write and acknowledges nothing.")
        recoveredTornBytes = metrics.gauge(
            "tapedeck_journal_torn_bytes", help: "Bytes of unfinished writes cut off when the journal was opened.")
    }
}
