public import Market

/// The tables that a sink can deliver: all but what only a journal needs.
public enum DeliveryTables {
    public static let names = Tables.all.map(\.name).filter { $0 != Tables.controlRecords.name }
    /// All but the frames as received, which are most of all bytes.
    public static let standard = names.filter { $0 != Tables.frames.name }

    /// The tables of these names, in the order of a flush.
    public static func named(_ names: [String]) -> [TableSchema] { Tables.all.filter { names.contains($0.name) } }

    /// Whether a table grows by the million, apart from the few rows of the others.
    public static func isLarge(_ table: TableSchema) -> Bool { large.contains(table.name) }

    private static let large = ["frames", "dead_letters", "trades", "quotes", "bars", "indicators"]
}
