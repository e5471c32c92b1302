/// What vendors state about instruments, and what is known of the feeds themselves.
extension Tables {
    public static let quoteSnapshots = TableSchema(
        name: "quote_snapshots", layer: .silver, summary: "poll of an instrument's day so far",
        timeColumn: "fetched_at_ns", sortKey: ["venue", "symbol", "fetched_at_ns", "journal_offset", "frame_index"],
        columns: instrument + moment("fetched_at", "When the answer was received.")
            + moment("event_time", "When the vendor says the price was current; `fetched_at` where it does not.") + [
                .init("current", .float64, "Current price."),
                .init("change", .float64, nullable: true, "Current price less the previous close."),
                .init("change_percent", .float64, nullable: true, "The same in percent of the previous close."),
                .init("high", .float64, nullable: true, "Highest price of the day."),
                .init("low", .float64, nullable: true, "Lowest price of the day."),
                .init("open", .float64, nullable: true, "First price of the day."),
                .init("previous_close", .float64, nullable: true, "Last price of the trading day before."),
                .init("source", .string, "The vendor."),
            ] + place)

    public static let instruments = TableSchema(
        name: "instruments", layer: .reference, summary: "instrument, source and revision (security master)",
        timeColumn: "updated_ns", partition: .month, sortKey: ["venue", "symbol", "journal_offset", "frame_index"],
        identity: .revised(["venue", "symbol", "source", "valid_from"]),
        columns: instrument + [
            .init("source", .string, "The vendor or file that states it."),
            .init("name", .string, freeText: true, "Name of the issuer or contract."),
            .init("currency", .string, nullable: true, "ISO 4217 code or crypto currency of its prices."),
            .init("type", .string, nullable: true, "For example `stock`, `etf`, `currency_pair`, `crypto`."),
            .init("tick_size", .float64, nullable: true, "Smallest price step."),
            .init("valid_from", .date, nullable: true, "First day on which the symbol means this instrument."),
            .init("valid_to", .date, nullable: true, "Last day on which it does; null while it still does."),
            .init("permanent_id", .string, freeText: true, "What stays the same when the symbol changes."),
            .init("listed", .date, nullable: true, "First trading day."),
            .init("delisted", .date, nullable: true, "Last trading day; null while it trades."),
        ] + moment("updated", "When the statement was received.") + [revision] + place)

    public static let corporateActions = TableSchema(
        name: "corporate_actions", layer: .reference, summary: "split or dividend, source and revision",
        timeColumn: "effective_ns", partition: .month,
        sortKey: ["venue", "symbol", "effective_ns", "journal_offset", "frame_index"],
        identity: .revised(["venue", "symbol", "source", "kind", "effective_ns"]),
        columns: instrument + [
            .init("source", .string, "The vendor or file that states it."),
            .init("kind", .string, "`split`, `dividend`, or `price_factor` where only their combined effect is known."),
        ] + moment("effective", "Start, in UTC, of the first trading day on which prices are without it.") + [
            .init(
                "value", .float64,
                "New shares for one old share; cash per share; or the factor that takes earlier prices to later ones."),
            .init("currency", .string, nullable: true, "ISO 4217 code of a dividend."),
        ] + moment("ingest_time", "When the statement was received.") + [revision] + place)

    public static let coverage = TableSchema(
        name: "coverage", layer: .reference, summary: "stretch of time of a feed or instrument (gap ledger)",
        timeColumn: "from_ns", partition: .month, sortKey: ["feed", "from_ns", "journal_offset", "frame_index"],
        columns: [
            .init("feed", .string, "Name of the feed."),
            .init(
                "venue", .string, nullable: true, "Venue of the instrument; null where the row is of the whole feed."),
            .init(
                "symbol", .string, nullable: true, "Symbol of the instrument; null where the row is of the whole feed."),
            .init(
                "kind", .string,
                "`connection` (data was received), `disconnected`, `silence` (longer than the session explains), "
                    + "`sequence_gap`, `backfill`."),
        ] + moment("from", "Start of the stretch.") + moment("to", "End of the stretch, exclusive.") + [
            .init("ongoing", .boolean, "True where it goes on and `to` is how far it is known; never in the lake."),
            .init("missing", .int64, nullable: true, "Events missing or filled, where numbers tell."),
            .init("first_id", .int64, nullable: true, "First event number of the hole or of what filled it."),
            .init("last_id", .int64, nullable: true, "Last event number of the hole or of what filled it."),
            .init("detail", .string, freeText: true, "Connection epoch, reason, or where a backfill came from."),
        ] + place)

    private static let revision = TableSchema.Column(
        "revision", .int32, "How often the source changed its statement: the highest counts.")
}
