internal import Databases
internal import Delivery
internal import Objects

/// The quotes of a unit, in the order of their offsets.
struct Snapshots {
    struct Snapshot {
        /// The symbol, as a part of a key.
        let folder: String
        /// When the answer came, in seconds since 1970.
        let seconds: Int64
        let offset: Int64
        /// The answer's body.
        let content: [UInt8]
    }

    let all: [Snapshot]

    /// - Throws: `row` where the answer is no longer in the lake.
    init(_ unit: DeliveryUnit) throws(DeliveryError) {
        let columns = unit.rows.columns.map(\.name)
        guard let symbol = columns.firstIndex(of: "symbol"), let fetched = columns.firstIndex(of: "fetched_at_ns"),
            let payload = columns.firstIndex(of: "payload")
        else { preconditionFailure("quotes come with their answers") }
        let rows = try OrderedRows(unit)
        var all: [Snapshot] = []
        all.reserveCapacity(rows.rows.count)
        for row in rows.rows {
            let batch = rows.batches[Int(row.batch)]
            guard case .binary(let frame) = batch.value(row: Int(row.row), column: payload) else {
                throw DeliveryError(.row, "the answer at offset \(row.offset) is not in the lake any more")
            }
            let ns = batch.integer(row: Int(row.row), column: fetched)
            all.append(
                Snapshot(
                    folder: ObjectKey.part(batch.value(row: Int(row.row), column: symbol).text),
                    seconds: ns / 1_000_000_000 - (ns % 1_000_000_000 < 0 ? 1 : 0), offset: row.offset,
                    content: Self.body(frame)))
        }
        self.all = all
    }

    /// The answer without the line that says what was asked (docs/feeds/rest.md).
    private static func body(_ frame: [UInt8]) -> [UInt8] {
        guard let end = frame.firstIndex(of: UInt8(ascii: "\n")), frame[..<end].starts(with: Array("{\"".utf8)),
            end + 1 < frame.count
        else { return frame }
        return Array(frame[(end + 1)...])
    }
}
