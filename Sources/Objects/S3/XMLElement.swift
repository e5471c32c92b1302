/// An element of an XML document: its name without a namespace's prefix, its text, and the elements in it.
///
/// Reads what object stores answer, whatever it is: document types are refused, depth and length are bounded, nothing is
/// fetched.
/// - Source: W3C, "Extensible Markup Language (XML) 1.0 (Fifth Edition)", without document types.
public struct XMLElement: Sendable, Equatable {
    public let name: String
    /// All text directly in it, references resolved.
    public var text = ""
    public var children: [XMLElement] = []

    public init(name: String) { self.name = name }

    /// Reads a document; nil where it is none, or goes deeper than any answer does.
    public init?(document bytes: [UInt8]) {
        var reader = XMLReader(bytes)
        guard let root = reader.read() else { return nil }
        self = root
    }

    /// The first element in it of a name.
    public subscript(name: String) -> XMLElement? { children.first { $0.name == name } }

    /// The elements in it of a name.
    public func all(_ name: String) -> [XMLElement] { children.filter { $0.name == name } }
}
