/// Header fields in the order they were sent; names compare without regard to case.
public struct HTTPHeaders: Sendable, ExpressibleByDictionaryLiteral {
    /// All fields, in order.
    public private(set) var fields: [(name: String, value: String)] = []

    public init() {}

    public init(dictionaryLiteral elements: (String, String)...) {
        for (name, value) in elements { add(name, value) }
    }

    /// Adds one field behind the others.
    public mutating func add(_ name: String, _ value: String) { fields.append((name, value)) }

    /// Adds `value` unless a field with that name is present.
    public mutating func addIfAbsent(_ name: String, _ value: @autoclosure () -> String) {
        if self[name] == nil { add(name, value()) }
    }

    /// The first value of `name`.
    public subscript(name: String) -> String? {
        fields.first { Self.equal($0.name, name) }?.value
    }

    /// All values of `name`.
    public func values(_ name: String) -> [String] {
        fields.filter { Self.equal($0.name, name) }.map(\.value)
    }

    /// True where `name` is a comma-separated list that holds `token`, compared without regard to case.
    public func list(_ name: String, contains token: String) -> Bool {
        values(name).contains { value in
            value.split(separator: ",").contains { Self.equal(trimmed($0), token) }
        }
    }

    /// ASCII comparison without regard to case.
    static func equal(_ left: some StringProtocol, _ right: some StringProtocol) -> Bool {
        left.utf8.count == right.utf8.count
            && zip(left.utf8, right.utf8).allSatisfy { lowercased($0) == lowercased($1) }
    }
}

/// `byte` in lower case, where it is an ASCII letter.
func lowercased(_ byte: UInt8) -> UInt8 { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte }

/// `text` without spaces and tabs at both ends.
func trimmed(_ text: some StringProtocol) -> String {
    let blank: (Character) -> Bool = { $0 == " " || $0 == "\t" }
    guard let first = text.firstIndex(where: { !blank($0) }), let last = text.lastIndex(where: { !blank($0) }) else {
        return ""
    }
    return String(text[first...last])
}
