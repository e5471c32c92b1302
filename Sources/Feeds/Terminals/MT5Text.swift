internal import Foundation
internal import Platform

/// Messages of the bridge in words, for people.
///
/// - Source: docs/feeds/mt5-protocol.md.
public enum MT5Text {
    /// A line for each thing a message tells; none for a heartbeat. What is not understood is shown as it came.
    public static func lines(_ message: String) -> [String] {
        let object = try? JSONSerialization.jsonObject(with: Data(message.utf8))
        guard let fields = object as? [String: Any], let type = fields["type"] as? String else { return [message] }
        switch type {
        case "ticks": return ticks(fields) ?? [message]
        case "account": return account(fields)
        case "heartbeat": return []
        case "hello":
            return [
                "connected to \(text(fields["server"])), account \(text(fields["account"])) in \(text(fields["currency"]))"
            ]
        case "clock": return [clock(fields)]
        case "terminal":
            return [
                fields["connected"] as? Bool == true
                    ? "terminal connected" : "terminal gone: \(text(fields["message"]))"
            ]
        case "error": return ["error: \(text(fields["message"]))"]
        default: return [message]
        }
    }

    private static func ticks(_ fields: [String: Any]) -> [String]? {
        guard let symbol = fields["symbol"] as? String, let offset = number(fields["offset_s"]),
            let rows = fields["ticks"] as? [[NSNumber]]
        else { return nil }
        return rows.map { row in
            guard row.count >= 7 else { return "\(symbol) \(row)" }
            var line = "\(symbol)  \(time(row[0].int64Value - offset * 1000))"
            for (name, value) in [("bid", row[2]), ("ask", row[3]), ("last", row[4])] where value.doubleValue != 0 {
                line += "  \(name) \(value)"
            }
            if row[4].doubleValue != 0 { line += "  volume \(row[5])" }
            return line
        }
    }

    private static func account(_ fields: [String: Any]) -> [String] {
        let positions = (fields["positions"] as? [[String: Any]] ?? []).map { row in
            "position \(text(row["change"])) #\(text(row["ticket"])) \(side(row["type"])) \(text(row["volume"])) "
                + "\(text(row["symbol"])) at \(text(row["price_open"])), now \(text(row["price_current"])), profit "
                + "\(text(row["profit"]))  \(time(row["event_utc_msc"]))"
        }
        let deals = (fields["deals"] as? [[String: Any]] ?? []).map { row in
            "deal #\(text(row["ticket"])) \(side(row["type"])) \(entry(row["entry"])) \(text(row["volume"])) "
                + "\(text(row["symbol"])) at \(text(row["price"])), profit \(text(row["profit"]))  \(time(row["utc_msc"]))"
        }
        return positions + deals
    }

    private static func clock(_ fields: [String: Any]) -> String {
        guard let offset = number(fields["offset_s"]) else { return "the broker's clock: \(text(fields["message"]))" }
        let hours = Double(offset) / 3600
        return "the broker's clock is \(hours < 0 ? "" : "+")\(hours) h from UTC (\(text(fields["state"])))"
    }

    /// Names of `ENUM_DEAL_TYPE` and `ENUM_POSITION_TYPE`, of which most rows are one of the first two.
    private static func side(_ value: Any?) -> String {
        switch number(value) {
        case 0: "buy"
        case 1: "sell"
        case 2: "balance"
        case nil: "-"
        case let other?: "type \(other)"
        }
    }

    /// Names of `ENUM_DEAL_ENTRY`.
    private static func entry(_ value: Any?) -> String {
        switch number(value) {
        case 0: "in"
        case 1: "out"
        case 2: "in/out"
        case 3: "out by"
        default: "-"
        }
    }

    private static func number(_ value: Any?) -> Int64? { (value as? NSNumber)?.int64Value }
    private static func text(_ value: Any?) -> String {
        value is NSNull || value == nil ? "-" : value.map { "\($0)" } ?? "-"
    }
    private static func time(_ value: Any?) -> String { number(value).map { time($0) } ?? "-" }
    private static func time(_ ms: Int64) -> String {
        let (scaled, overflows) = ms.multipliedReportingOverflow(by: 1_000_000)
        return overflows ? "-" : Timestamp(nanoseconds: scaled).description
    }
}
