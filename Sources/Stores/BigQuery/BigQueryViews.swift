internal import Market
internal import Platform

/// Views that show tables the way programs on MetaTrader's terminal know them.
///
/// - Source: MetaTrader 5 documentation, "Python integration": `copy_ticks_from`, `positions_get`, `history_deals_get`.
struct BigQueryViews {
    /// A view and the table that it shows.
    struct View {
        let name: String
        let table: String
        let columns: String
        let summary: String
    }

    static let all = [
        View(
            name: "price_updates", table: Tables.quotes.name,
            columns: """
                symbol, event_time AS time, DIV(event_time_ns, 1000000) AS time_msc, bid, ask, last, last_size AS volume, \
                DIV(flags, 256) AS flags, venue, ingest_time, journal_offset, frame_index
                """, summary: "Every tick. `time` is UTC."),
        View(
            name: "positions", table: Tables.positions.name,
            columns: """
                ticket, opened_time AS time, DIV(opened_time_ns, 1000000) AS time_msc, event_time AS time_update, \
                DIV(event_time_ns, 1000000) AS time_update_msc, type, magic, identifier, reason, volume, price_open, \
                stop_loss AS sl, take_profit AS tp, price_current, swap, profit, symbol, comment, external_id, \
                account, `change`, ingest_time, journal_offset, frame_index
                """, summary: "Every change of a position: `change` is opened, updated or closed. Times are UTC."),
        View(
            name: "transactions", table: Tables.deals.name,
            columns: """
                ticket, order_ticket AS `order`, event_time AS time, DIV(event_time_ns, 1000000) AS time_msc, type, entry, \
                magic, position_ticket AS position_id, reason, volume, price, commission, swap, profit, fee, symbol, \
                comment, external_id, account, ingest_time, journal_offset, frame_index
                """, summary: "Every deal and balance operation. Times are UTC."),
    ]

    /// The members of a view's resource.
    ///
    /// - Parameter place: of the tables: `PROJECT.DATASET`.
    static func resource(_ view: View, place: String) -> String {
        let sql = "SELECT \(view.columns) FROM `\(place).\(view.table)`"
        return
            "\"description\":\(JSONText.quoted(view.summary)),"
            + "\"view\":{\"query\":\(JSONText.quoted(sql)),\"useLegacySql\":false}"
    }
}
