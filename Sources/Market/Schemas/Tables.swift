/// The tables of Tapedeck.
public enum Tables {
    /// All of them, in the order in which a flush writes them.
    public static let all: [TableSchema] =
        [frames, controlRecords, deadLetters, trades, quotes, bars, indicators] + records + [coverage]

    /// Those that decoders fill row by row as `RecordBatch`es, in the order of `EventBatch.records`.
    public static let records: [TableSchema] =
        [quoteSnapshots, transactions, deals, positions, instruments, corporateActions] + program

    /// What the program says of itself: the last of `records`.
    public static let program: [TableSchema] = [diagnostics, logs]

    /// The table of a name.
    public static func named(_ name: String) -> TableSchema? { all.first { $0.name == name } }

    static func moment(_ name: String, _ summary: String) -> [TableSchema.Column] {
        [
            .init(name, .timestamp, summary, nanoseconds: name + "_ns"),
            .init(name + "_ns", .int64, summary + " In nanoseconds since 1970 UTC."),
        ]
    }
    static let place: [TableSchema.Column] = [
        .init("journal_offset", .int64, "Journal offset of the frame that caused the row."),
        .init("frame_index", .int32, "Place of the event inside its frame, from 0."),
    ]
    static let instrument: [TableSchema.Column] = [
        .init("venue", .string, "Where it is traded."),
        .init("symbol", .string, "The venue's text for the instrument."),
    ]

    public static let frames = TableSchema(
        name: "frames", layer: .bronze, summary: "message as received", timeColumn: "ingest_time_ns",
        sortKey: ["journal_offset"],
        columns: moment("ingest_time", "When the frame was received.") + [
            .init("feed", .string, "Name of the feed that received it."),
            .init("journal_offset", .int64, "Place in the journal."),
            .init("payload", .binary, "The bytes exactly as they came."),
        ])

    /// With `frames` all that a journal holds, so that everything else can be made anew where the journal is gone.
    public static let controlRecords = TableSchema(
        name: "control_records", layer: .bronze, summary: "record of the journal that is no message",
        timeColumn: "ingest_time_ns", partition: .month, sortKey: ["journal_offset"],
        columns: moment("ingest_time", "When the record was made.") + [
            .init("feed", .string, "Name of the feed."),
            .init(
                "kind", .string,
                "`define` (the feed is new), `begin` (a session starts), `end` (it is over), `heartbeat` (nothing came, or a "
                    + "connection was lost)."),
            .init("journal_offset", .int64, "Place in the journal."),
            .init(
                "payload", .string, freeText: true,
                "Of `begin` how frames are decoded, of `heartbeat` the connection that was lost, as JSON."),
        ])

    public static let deadLetters = TableSchema(
        name: "dead_letters", layer: .bronze, summary: "frame or event that did not decode or validate",
        timeColumn: "ingest_time_ns", sortKey: ["journal_offset", "frame_index"],
        columns: moment("ingest_time", "When the frame was received.") + [
            .init("feed", .string, "Name of the feed that received it.")
        ] + place + [
            .init("reason", .string, "Code of the reason, for example `price_not_positive`."),
            .init("detail", .string, "The reason in words."),
            .init("payload", .binary, "The frame; of a bad event inside a frame, that event alone."),
        ])

    public static let trades = TableSchema(
        name: "trades", layer: .silver, summary: "trade", timeColumn: "event_time_ns",
        sortKey: ["venue", "symbol", "event_time_ns", "journal_offset", "frame_index"],
        columns: instrument + moment("event_time", "When the venue says it happened.")
            + moment("ingest_time", "When its frame was received.") + [
                .init("price", .float64, "Price in the instrument's quote currency."),
                .init("size", .float64, "Quantity in the instrument's unit."),
                .init("side", .string, nullable: true, "Aggressor: `buy` or `sell`, where the venue tells."),
                .init("trade_id", .int64, nullable: true, "The venue's trade number, where it gives one."),
                .init("conditions", .string, nullable: true, "The venue's condition codes, as text."),
            ] + place)

    public static let quotes = TableSchema(
        name: "quotes", layer: .silver, summary: "top of book or terminal tick", timeColumn: "event_time_ns",
        sortKey: ["venue", "symbol", "event_time_ns", "journal_offset", "frame_index"],
        columns: instrument
            + moment("event_time", "When the venue says it happened; the receive time where it does not.")
            + moment("ingest_time", "When its frame was received.") + [
                .init("bid", .float64, nullable: true, "Best bid price."),
                .init("ask", .float64, nullable: true, "Best ask price."),
                .init("bid_size", .float64, nullable: true, "Quantity at the best bid."),
                .init("ask_size", .float64, nullable: true, "Quantity at the best ask."),
                .init("update_id", .int64, nullable: true, "The venue's update number, where it gives one."),
                .init(
                    "flags", .int32,
                    "Sum of 1 crossed (bid above ask), 2 locked (equal), 4 one-sided, 8 time of receipt used; of a "
                        + "MetaTrader tick plus 256 times its flags (2 bid, 4 ask, 8 last, 16 volume, 32 buy, 64 sell)."
                ),
                .init(
                    "last", .float64, nullable: true,
                    "Price of the last trade, where a terminal shows it beside the quote."),
                .init("last_size", .float64, nullable: true, "Quantity of that trade."),
            ] + place)

    public static let bars = TableSchema(
        name: "bars", layer: .gold, summary: "instrument, source, price type, interval, start and revision",
        timeColumn: "start_ns", partition: .month, sortKey: ["interval", "venue", "symbol", "price_type", "start_ns"],
        columns: instrument + [
            .init("source", .string, "`tapedeck` for bars made here from trades and quotes, else the vendor's name."),
            .init("price_type", .string, "`trade`, `bid` or `ask`: what the prices are."),
            .init("interval", .string, "Length, for example `1m`."),
        ] + moment("start", "Start of the bar; the end is exclusive.") + [
            .init("open", .float64, "First price by event time."),
            .init("high", .float64, "Highest price."),
            .init("low", .float64, "Lowest price."),
            .init("close", .float64, "Last price by event time."),
            .init("volume", .float64, "Sum of sizes; 0 for bid and ask bars."),
            .init("vwap", .float64, nullable: true, "Volume-weighted average price, where there is volume."),
            .init(
                "adjusted_close", .float64, nullable: true,
                "Close after later splits and dividends, as the vendor states it; null in bars made here."),
            .init("trades", .int64, "Events in the bar; 0 where a vendor does not tell."),
            .init("final", .boolean, "False while the bar can still change."),
            .init(
                "revision", .int32,
                "How often the bar changed after its end had been reached, or the vendor corrected it: the highest counts."
            ),
            .init("journal_offset", .int64, "Journal offset of the frame that made the bar final."),
        ])

    public static let indicators = TableSchema(
        name: "indicators", layer: .gold, summary: "instrument, price type, interval, start and name",
        timeColumn: "start_ns", partition: .month,
        sortKey: ["interval", "name", "venue", "symbol", "price_type", "start_ns"],
        columns: instrument + [
            .init("price_type", .string, "`trade`, `bid` or `ask`: which bars it is computed from."),
            .init("interval", .string, "Length of its bars, for example `1m`."),
        ] + moment("start", "Start of the bar whose close completed the value.") + [
            .init("name", .string, "For example `sma(20)`."),
            .init("value", .float64, "The value; no row during warm-up."),
            .init("journal_offset", .int64, "Journal offset of the frame that made the bar final."),
        ])
}
