internal import Foundation
internal import Market

/// Reads the bridge's `account` messages: positions and deals.
///
/// - Source: docs/feeds/mt5-protocol.md; names after MQL5's `ENUM_DEAL_TYPE`, `ENUM_DEAL_ENTRY`, `ENUM_DEAL_REASON`.
struct MT5AccountReader {
    /// How such a message begins.
    static let beginning = Array("{\"type\":\"account\",".utf8)

    private let deals = MT5RowWriter(Tables.deals)
    private let positions = MT5RowWriter(Tables.positions)

    /// A row that cannot be stored.
    struct Rejection: Error {
        let frameIndex: Int32
        let reason: RejectReason
        let field: String
    }

    /// Appends the rows of a message; deals follow the positions in `frame_index`.
    ///
    /// - Returns: rows that were rejected; nil where the message is no JSON.
    func read(
        _ payload: UnsafeRawBufferPointer, journalOffset: Int64, ingestTimeNs: Int64, into events: EventBatch
    ) -> [Rejection]? {
        let data = unsafe Data(payload)
        guard let message = try? JSONSerialization.jsonObject(with: data) as? [String: Any] else { return nil }
        guard let account = message["account"] as? String else {
            return [Rejection(frameIndex: 0, reason: .missingField, field: "account")]
        }
        let frame = MT5RowWriter.Frame(account: account, journalOffset: journalOffset, ingestTimeNs: ingestTimeNs)
        var rejections: [Rejection] = []
        var index: Int32 = 0
        for (name, read) in [("positions", position), ("deals", deal)] {
            guard let rows = message[name] as? [Any] else {
                rejections.append(Rejection(frameIndex: index, reason: .missingField, field: name))
                continue
            }
            let batch = name == "deals" ? events.deals : events.positions
            for row in rows {
                do {
                    try read(MT5Row(row), frame, index, batch)
                    batch.end()
                } catch {
                    batch.rollBack()
                    rejections.append(Rejection(frameIndex: index, reason: error.reason, field: error.field))
                }
                index += 1
            }
        }
        return rejections
    }

    private func position(
        _ row: MT5Row, _ frame: MT5RowWriter.Frame, _ index: Int32, _ batch: RecordBatch
    ) throws(MT5Row.Fault) {
        let writer = positions
        try writer.begin(row, frame, index, batch, eventTime: "event_utc_msc")
        let change = try row.text("change")
        guard ["opened", "updated", "closed"].contains(change) else { throw .init(.wrongType, "change") }
        let isClosed = change == "closed"
        let names = writer.places
        batch.set(names["symbol"], try row.text("symbol"))
        batch.set(names["change"], change)
        batch.set(names["opened_time_ns"], try row.timeNs("open_utc_msc"))
        batch.set(names["type"], try MT5Names.dealType(row.integer("type")))
        if let reason = row.optionalInteger("reason") { batch.set(names["reason"], MT5Names.reason(reason)) }
        batch.set(names["volume"], isClosed ? 0 : try row.size("volume"))
        batch.set(names["price_open"], try row.number("price_open"))
        batch.set(names["price_current"], row.price("price_current"))
        batch.set(names["stop_loss"], row.price("sl"))
        batch.set(names["take_profit"], row.price("tp"))
        for name in ["profit", "swap"] { batch.set(names[name], try row.money(name)) }
        batch.set(names["identifier"], try row.integer("identifier"))
    }

    private func deal(
        _ row: MT5Row, _ frame: MT5RowWriter.Frame, _ index: Int32, _ batch: RecordBatch
    ) throws(MT5Row.Fault) {
        let writer = deals
        try writer.begin(row, frame, index, batch, eventTime: "utc_msc")
        let names = writer.places
        let type = try row.integer("type")
        let isTrade = type == 0 || type == 1
        batch.set(names["type"], MT5Names.dealType(type))
        for (column, name) in [("order_ticket", "order"), ("position_ticket", "position_id")] {
            if let ticket = row.optionalInteger(name), ticket != 0 { batch.set(names[column], ticket) }
        }
        let symbol = try row.text("symbol")
        if !symbol.isEmpty { batch.set(names["symbol"], symbol) }
        if isTrade { batch.set(names["entry"], MT5Names.entry(try row.integer("entry"))) }
        if let reason = row.optionalInteger("reason") { batch.set(names["reason"], MT5Names.reason(reason)) }
        batch.set(names["volume"], try row.size("volume"))
        batch.set(names["price"], row.price("price"))
        for name in ["profit", "commission", "swap", "fee"] { batch.set(names[name], try row.money(name)) }
    }
}

/// Numbers of the terminal as the words of the tables; unknown ones as they are.
enum MT5Names {
    private static let dealTypes = [
        "buy", "sell", "balance", "credit", "charge", "correction", "bonus", "commission", "commission_daily",
        "commission_monthly", "commission_agent_daily", "commission_agent_monthly", "interest", "buy_canceled",
        "sell_canceled", "dividend", "dividend_franked", "tax",
    ]
    private static let entries = ["in", "out", "inout", "out_by"]
    private static let reasons = [
        "client", "mobile", "web", "expert", "sl", "tp", "so", "rollover", "vmargin", "split", "corporate_action",
    ]

    static func dealType(_ number: Int64) -> String { name(number, dealTypes) }
    static func entry(_ number: Int64) -> String { name(number, entries) }
    static func reason(_ number: Int64) -> String { name(number, reasons) }

    private static func name(_ number: Int64, _ names: [String]) -> String {
        names.indices.contains(Int(clamping: number)) ? names[Int(number)] : "\(number)"
    }
}
