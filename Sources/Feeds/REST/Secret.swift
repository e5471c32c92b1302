/// A text that nothing shows but who asks for it by name.
struct Secret: Sendable, CustomStringConvertible, CustomReflectable {
    let text: String

    init(_ text: String) { self.text = text }

    var description: String { "***" }
    var customMirror: Mirror { Mirror(self, children: []) }
}
