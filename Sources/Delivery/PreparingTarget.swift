public import Market

/// A target that makes the rows of a unit ready to be sent while the unit before is on its way.
public protocol PreparingTarget: DeliveryTarget {
    /// What makes units of a table ready, from any thread, also while the target delivers.
    ///
    /// - Precondition: `open` was called.
    func preparation(of table: TableSchema) throws(DeliveryError) -> UnitPreparation

    /// Takes the rows of a unit and its end, or nothing, as `deliver` does with rows that are not ready.
    func deliver(_ unit: PreparedUnit) throws(DeliveryError) -> Int64
}

/// Reads the rows of a unit into the form in which its target takes them.
public typealias UnitPreparation = @Sendable (DeliveryUnit) throws(DeliveryError) -> PreparedUnit

/// A unit whose rows are ready to be sent.
public struct PreparedUnit: Sendable {
    public let table: TableSchema
    /// The rows' offsets are above this one.
    public let after: Int64
    /// The rows' offsets reach up to this one, itself included.
    public let last: Int64
    /// The rows, as the target that prepared them knows them.
    public let content: any Sendable

    public init(_ unit: DeliveryUnit, _ content: any Sendable) {
        table = unit.table
        after = unit.after
        last = unit.last
        self.content = content
    }
}

extension PreparingTarget {
    public func deliver(_ unit: DeliveryUnit) throws(DeliveryError) -> Int64 {
        let prepare = try preparation(of: unit.table)
        return try deliver(prepare(unit))
    }
}
