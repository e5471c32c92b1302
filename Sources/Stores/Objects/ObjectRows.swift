internal import Delivery
internal import Market
internal import Objects
internal import Platform

/// The rows that objects of the layout `batched` hold.
final class ObjectRows: StoredRows {
    private let finder: ObjectFinder
    private let lines: JSONLineRows

    init(_ store: any ObjectStore, _ compression: ObjectCompression, pipeline: String) throws(DeliveryError) {
        finder = ObjectFinder(
            folder: ObjectFolder(store, pipeline: pipeline, meter: UsageMeter()),
            names: ObjectNames(compression: compression))
        lines = try JSONLineRows()
    }

    func committedOffset(_ table: TableSchema) throws(DeliveryError) -> Int64? {
        var newest: ObjectNames.Name?
        try finder.each(table) { (name) in newest = name }
        guard let newest else { return nil }
        return try finder.end(of: newest)
    }

    func digests(
        _ table: TableSchema, upTo last: Int64, goesOn: (Int64) -> Bool
    ) throws(DeliveryError) -> RowDigests {
        var digests = RowDigests()
        var isWanted = true
        try finder.each(table) { (name) throws(DeliveryError) in
            guard isWanted, name.offset <= last else { return }
            try lines.add(try finder.lines(name), of: table, upTo: last, to: &digests) { rows in
                isWanted = goesOn(rows)
                return isWanted
            }
        }
        return digests
    }
}
