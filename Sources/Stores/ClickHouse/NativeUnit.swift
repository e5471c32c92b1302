internal import Databases
internal import Delivery
internal import Market

/// The rows of a unit as requests, month by month, encoded and compressed.
struct NativeUnit: Sendable {
    /// A column that rows go to.
    struct Column: Sendable, Equatable {
        let name: String
        /// As the server writes it.
        let type: String
    }

    /// What the rows were encoded for.
    let columns: [Column]
    /// Rows of all months.
    let count: Int64
    /// The body of each month's request.
    let months: [[UInt8]]

    /// Reads all rows.
    init(
        _ unit: DeliveryUnit, _ columns: [Column], _ compression: NativeCompression
    ) throws(DeliveryError) {
        let time =
            DeliveryTables.isLarge(unit.table)
            ? unit.table.columns.firstIndex { $0.name == unit.table.timeColumn } : nil
        let blocks: NativeBlocks
        do {
            blocks = try NativeBlocks(unit.rows, types: columns.map(\.type), time: time)
        } catch {
            throw DeliveryError(.unavailable, error.message)
        }
        let body = NativeBody(compression)
        self.columns = columns
        count = Int64(blocks.count)
        months = blocks.blocks.map { $0.block.body(body) }
    }
}
