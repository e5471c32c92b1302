internal import Foundation

/// Resolves the escapes of JSON strings; for the rare text that has some.
enum JSONUnescaping {
    /// The text behind the escapes; the inside itself where one is broken.
    static func text(_ inside: String) -> String {
        let quoted = Data("\"\(inside)\"".utf8)
        let value = try? JSONSerialization.jsonObject(with: quoted, options: .fragmentsAllowed)
        return value as? String ?? inside
    }
}
