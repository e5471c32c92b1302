public import Market

/// What a target holds, looked at without changing anything there.
///
/// - Threading: one thread at a time.
public protocol StoredRows: AnyObject {
    /// The journal offset up to which the target says it has a table; nil where it does not know the table.
    func committedOffset(_ table: TableSchema) throws(DeliveryError) -> Int64?

    /// What the rows of a table up to an offset, itself included, amount to.
    ///
    /// - Parameter goesOn: told how many more rows were looked at; false ends it.
    func digests(
        _ table: TableSchema, upTo last: Int64, goesOn: (Int64) -> Bool
    ) throws(DeliveryError) -> RowDigests
}

/// A target that can give rows back, to get them once more.
public protocol RewindableTarget: DeliveryTarget {
    /// Takes out the rows behind an offset, and notes that the target has no more.
    ///
    /// - Precondition: `open` was called.
    func rewind(_ table: TableSchema, to offset: Int64) throws(DeliveryError)

    /// Whether a pipeline that delivers meanwhile notices.
    var isNoticed: Bool { get }
}

extension RewindableTarget {
    public var isNoticed: Bool { true }
}
