internal import Market
internal import Platform

/// Text values as Arrow buffers, converted once per `StringDictionary`.
///
/// Behind the last text stands a missing value: rows without text point to it. (A validity bitmap on the rows
/// would be the usual way, but DuckDB 1.5.5 overruns its own when a dictionary column of more than 2,048 rows has one.)
final class DictionaryText: Sendable {
    /// Kept so that the identity by which this is cached stays taken.
    let source: StringDictionary
    /// Two values more than there are texts.
    let offsets: Column<Int32>
    let bytes: Column<UInt8>
    /// Bits of all texts set, that of the missing value not.
    let validity: Column<UInt8>
    /// Texts, without the missing value.
    let count: Int

    init(_ source: StringDictionary) {
        self.source = source
        count = source.values.count
        offsets = Column(capacity: count + 2)
        let texts = count
        validity = Validity.pack(count + 1) { $0 < texts }
        bytes = Column(capacity: count * 8)
        offsets.append(0)
        for value in source.values {
            var value = value
            value.withUTF8 { unsafe bytes.append(contentsOf: UnsafeRawBufferPointer($0)) }
            precondition(bytes.count <= Int(Int32.max), "a dictionary larger than 2 GiB")
            offsets.append(Int32(bytes.count))
        }
        offsets.append(Int32(bytes.count))
    }
}

/// The dictionaries that a connection handed over lately.
///
/// - Threading: that of the connection.
final class DictionaryCache {
    private var recent: [DictionaryText] = []

    func text(of dictionary: StringDictionary) -> DictionaryText {
        if let index = recent.firstIndex(where: { $0.source === dictionary }) { return recent[index] }
        let text = DictionaryText(dictionary)
        recent.append(text)
        if recent.count > 32 { recent.removeFirst() }
        return text
    }
}
