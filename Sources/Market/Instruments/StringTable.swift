/// Text values by number, only ever appended to.
///
/// - Threading: one thread appends; `snapshot()` gives what any thread may read.
public final class StringTable: @unchecked Sendable {  // one appending thread, by contract
    private var values: [String] = []
    private var numbers: [String: UInt32] = [:]
    private var cached = StringDictionary(values: [])

    public init() {}

    /// Values held.
    public var count: Int { values.count }

    /// Appends a value, known or not.
    public func append(_ value: String) { values.append(value) }

    /// The number of a value; appended where it was not known.
    public func intern(_ value: String) -> UInt32 {
        if let known = numbers[value] { return known }
        let number = UInt32(values.count)
        numbers[value] = number
        values.append(value)
        return number
    }

    public subscript(number: UInt32) -> String { values[Int(number)] }

    /// The values so far, unchanging; the same object until the table grows.
    public func snapshot() -> StringDictionary {
        if cached.values.count != values.count { cached = StringDictionary(values: values) }
        return cached
    }
}

/// Unchanging text values by number: the dictionary of a dictionary-encoded column.
public final class StringDictionary: Sendable {
    public let values: [String]
    public init(values: [String]) { self.values = values }
}
