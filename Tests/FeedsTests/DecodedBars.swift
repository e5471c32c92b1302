import Feeds
import Market
import Platform

/// Bars of vendors and corporate actions as plain values.
enum DecodedBars {
    /// `VENUE:SYMBOL source type interval start open high low close x volume [of trades] [average vwap] [adjusted close]`.
    static func texts(_ events: EventBatch, _ instruments: InstrumentTable) -> [String] {
        let rows = events.vendorBars
        return (0..<rows.count).map { row in
            let bar = rows[row]
            var text = "\(instruments[bar.instrument]) \(events.texts[rows.source[row]]) \(bar.priceType) "
            text += "\(EventBatch.vendorIntervals.values[Int(bar.interval)]) \(Timestamp(nanoseconds: bar.startNs)) "
            text += "\(bar.open) \(bar.high) \(bar.low) \(bar.close) x \(bar.volume)"
            if bar.trades != 0 { text += " of \(bar.trades)" }
            if !bar.vwap.isNaN { text += " average \(bar.vwap)" }
            if !rows.adjustedClose[row].isNaN { text += " adjusted \(rows.adjustedClose[row])" }
            return text
        }
    }

    /// `VENUE:SYMBOL kind value effective`.
    static func actions(_ events: EventBatch, _ instruments: InstrumentTable) -> [String] {
        let rows = events.corporateActions, schema = Tables.corporateActions
        return (0..<rows.count).map { row in
            let instrument = InstrumentID(rows.integer(schema.place("symbol"), row: row))
            let effective = Timestamp(nanoseconds: rows.integer(schema.place("effective_ns"), row: row))
            return "\(instruments[instrument]) \(rows.text(schema.place("kind"), row: row)) "
                + "\(rows.number(schema.place("value"), row: row)) \(effective)"
        }
    }

    /// `VENUE:SYMBOL first day…last day permanent identity|name` of `instruments`.
    static func validities(_ events: EventBatch, _ instruments: InstrumentTable) -> [String] {
        let rows = events.instruments, schema = Tables.instruments
        func day(_ name: String, _ row: Int) -> String {
            let value = rows.integer(schema.place(name), row: row)
            return value == Int64(Int32.min) ? "" : "\(CivilDate(daysSinceEpoch: value))"
        }
        return (0..<rows.count).map { row in
            let instrument = InstrumentID(rows.integer(schema.place("symbol"), row: row))
            return "\(instruments[instrument]) \(day("valid_from", row))…\(day("valid_to", row)) "
                + "\(rows.text(schema.place("permanent_id"), row: row))|\(rows.text(schema.place("name"), row: row))"
        }
    }
}
