/// What clients and brokers report: operations, deals, positions.
extension Tables {
    /// Digits behind the point of account money.
    public static let moneyScale = 8

    private static func money(_ name: String, nullable: Bool = false, _ summary: String) -> TableSchema.Column {
        .init(name, .decimal(scale: moneyScale), nullable: nullable, summary)
    }

    public static let transactions = TableSchema(
        name: "transactions", layer: .silver, summary: "client operation", timeColumn: "event_time_ns",
        sortKey: ["exchange", "symbol", "event_time_ns", "journal_offset", "frame_index"],
        identity: .once(["operation_id"]),
        columns: [
            .init("operation_id", .string, freeText: true, "The operation's UUID; a repetition is dropped."),
            .init("person_name", .string, freeText: true, "The client."),
            .init("symbol", .string, "The exchange's text for the instrument, for example `PIC.WS`."),
            .init("exchange", .string, "For example `NASDAQ` or `Euronext`."),
        ] + moment("event_time", "When the operation was made.")
            + moment("ingest_time", "When its frame was received.") + [
                .init("currency", .string, "ISO 4217 code of the price."),
                money("price", "Price of one unit, exact."),
                .init("operation", .string, "`purchase` or `sale`."),
            ] + place)

    public static let deals = TableSchema(
        name: "deals", layer: .silver, summary: "deal or balance operation of a broker account",
        timeColumn: "event_time_ns", partition: .month,
        sortKey: ["account", "symbol", "event_time_ns", "journal_offset", "frame_index"],
        identity: .once(["account", "ticket"]),
        columns: [
            .init("account", .string, "Login and server of the account, for example `1234567@Broker-Demo`."),
            .init("ticket", .int64, "The broker's number of the deal."),
            .init("order_ticket", .int64, nullable: true, "Order that led to it; null for balance operations."),
            .init("position_ticket", .int64, nullable: true, "Position that it opened, changed or closed."),
            .init(
                "symbol", .string, nullable: true, "The broker's text for the instrument; null for balance operations."),
        ] + moment("event_time", "When it was made, broker time turned into UTC.")
            + moment("ingest_time", "When its frame was received.") + [
                .init("type", .string, "`buy`, `sell`, or a balance operation such as `balance` or `credit`."),
                .init(
                    "entry", .string, nullable: true,
                    "`in`, `out`, `inout` (reversal) or `out_by` (closed by an opposite)."),
                .init("reason", .string, nullable: true, "What made it, for example `client`, `expert`, `sl`, `tp`."),
                .init("volume", .float64, "Lots; 0 for balance operations."),
                .init("price", .float64, nullable: true, "Price in the instrument's quote currency."),
                money("profit", "Realised profit in the account's currency."),
                money("commission", "Commission in the account's currency."),
                money("swap", "Swap paid with it, in the account's currency."),
                money("fee", "Fee in the account's currency."),
                .init("magic", .int64, nullable: true, "Number of the expert that made it."),
                .init("comment", .string, freeText: true, "The broker's or expert's comment."),
                .init("external_id", .string, freeText: true, "Number in an external system."),
                .init("broker_offset_s", .int32, "Seconds that broker time was ahead of UTC."),
            ] + place)

    public static let positions = TableSchema(
        name: "positions", layer: .silver, summary: "change of an open position of a broker account",
        timeColumn: "event_time_ns", partition: .month,
        sortKey: ["account", "symbol", "event_time_ns", "journal_offset", "frame_index"],
        identity: .once(["account", "ticket", "change", "event_time_ns"]),
        columns: [
            .init("account", .string, "Login and server of the account, for example `1234567@Broker-Demo`."),
            .init("ticket", .int64, "The broker's number of the position."),
            .init("symbol", .string, "The broker's text for the instrument."),
            .init("change", .string, "`opened`, `updated` or `closed`."),
        ] + moment("event_time", "When it changed, broker time turned into UTC.")
            + moment("opened_time", "When it was opened, broker time turned into UTC.")
            + moment("ingest_time", "When its frame was received.") + [
                .init("type", .string, "`buy` or `sell`."),
                .init("reason", .string, nullable: true, "What opened it, for example `client` or `expert`."),
                .init("volume", .float64, "Lots; 0 once closed."),
                .init("price_open", .float64, "Price at which it was opened."),
                .init("price_current", .float64, nullable: true, "Price at which it would be closed now."),
                .init("stop_loss", .float64, nullable: true, "Stop-loss price; null where there is none."),
                .init("take_profit", .float64, nullable: true, "Take-profit price; null where there is none."),
                money("profit", "Floating profit in the account's currency."),
                money("swap", "Accumulated swap in the account's currency."),
                .init("magic", .int64, nullable: true, "Number of the expert that opened it."),
                .init("identifier", .int64, "Number that stays the same when the ticket changes."),
                .init("comment", .string, freeText: true, "The broker's or expert's comment."),
                .init("external_id", .string, freeText: true, "Number in an external system."),
                .init("broker_offset_s", .int32, "Seconds that broker time was ahead of UTC."),
            ] + place)
}
