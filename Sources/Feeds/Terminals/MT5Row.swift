internal import Foundation
internal import Market

/// One position or deal as the bridge sends it.
struct MT5Row {
    /// What is wrong with a row.
    struct Fault: Error {
        let reason: RejectReason
        let field: String

        init(_ reason: RejectReason, _ field: String) {
            self.reason = reason
            self.field = field
        }
    }

    private let fields: [String: Any]

    init(_ value: Any) throws(Fault) {
        guard let fields = value as? [String: Any] else { throw Fault(.wrongType, "row") }
        self.fields = fields
    }

    private func value<T>(_ name: String, _ type: T.Type) throws(Fault) -> T {
        guard let any = fields[name], !(any is NSNull) else { throw Fault(.missingField, name) }
        guard let value = any as? T else { throw Fault(.wrongType, name) }
        return value
    }

    func text(_ name: String) throws(Fault) -> String { try value(name, String.self) }

    /// A whole number.
    func integer(_ name: String) throws(Fault) -> Int64 {
        let number = try value(name, NSNumber.self)
        guard let whole = Int64(exactly: number) else { throw Fault(.wrongType, name) }
        return whole
    }

    /// A whole number that may be absent.
    func optionalInteger(_ name: String) -> Int64? { (fields[name] as? NSNumber).flatMap { Int64(exactly: $0) } }

    /// A text that may be absent.
    func optionalText(_ name: String) -> String? { fields[name] as? String }

    func number(_ name: String) throws(Fault) -> Double {
        let number = try value(name, NSNumber.self).doubleValue
        guard number.isFinite else { throw Fault(.wrongType, name) }
        return number
    }

    /// A quantity of at least zero.
    func size(_ name: String) throws(Fault) -> Double {
        let number = try number(name)
        guard number >= 0 else { throw Fault(.sizeInvalid, name) }
        return number
    }

    /// A price; NaN where there is none, which the terminal says with 0.
    func price(_ name: String) -> Double {
        guard let number = (fields[name] as? NSNumber)?.doubleValue, number.isFinite, number != 0 else { return .nan }
        return number
    }

    /// Account money in units of the tables' scale: the shortest decimal that reads back as the terminal's number.
    func money(_ name: String) throws(Fault) -> Int64 {
        let number = try number(name)
        guard let units = DecimalText.units(number.description, scale: Tables.moneyScale) else {
            throw Fault(.wrongType, name)
        }
        return units
    }

    /// Milliseconds since 1970 UTC, as nanoseconds.
    func timeNs(_ name: String) throws(Fault) -> Int64 {
        let ms = try integer(name)
        guard (0..<7_258_118_400_000).contains(ms) else { throw Fault(.timeOutOfRange, name) }
        return ms * 1_000_000
    }
}

/// Writes what rows of positions and deals have in common.
struct MT5RowWriter {
    /// What all rows of a message have.
    struct Frame {
        let account: String
        let journalOffset: Int64
        let ingestTimeNs: Int64
    }

    /// Places of columns by name.
    struct Places {
        fileprivate let byName: [String: Int]
        subscript(name: String) -> Int { byName[name] ?? -1 }
    }

    let places: Places

    init(_ schema: TableSchema) {
        places = Places(
            byName: Dictionary(uniqueKeysWithValues: schema.storedColumns.map { ($0.name, schema.place($0.name)) }))
    }

    func begin(
        _ row: MT5Row, _ frame: Frame, _ index: Int32, _ batch: RecordBatch, eventTime: String
    ) throws(MT5Row.Fault) {
        batch.begin(journalOffset: frame.journalOffset, frameIndex: index)
        batch.set(places["account"], frame.account)
        batch.set(places["ticket"], try row.integer("ticket"))
        batch.set(places["event_time_ns"], try row.timeNs(eventTime))
        batch.set(places["ingest_time_ns"], frame.ingestTimeNs)
        batch.set(places["broker_offset_s"], try row.integer("offset_s"))
        batch.set(places["comment"], row.optionalText("comment") ?? "")
        batch.set(places["external_id"], row.optionalText("external_id") ?? "")
        if let magic = row.optionalInteger("magic"), magic != 0 { batch.set(places["magic"], magic) }
    }
}
