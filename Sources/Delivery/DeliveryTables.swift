public import Market

/// The tables that a sink can deliver.
public enum DeliveryTables {
    public static let names = Tables.all.map(\.name)
    /// All but the frames as received, which are most of all bytes.
    public static let standard = names.filter { $0 != Tables.frames.name }

    /// The tables of these names, in the order of a flush.
    public static func named(_ names: [String]) -> [TableSchema] { Tables.all.filter { names.contains($0.name) } }
}
