internal import Analytics
internal import Foundation

/// What the pipeline itself reads from the settings of a session; the rest is the decoder's.
enum SessionSettings {
    /// True where the session goes on with a live feed that was interrupted, so that its open bars stay open; a recording
    /// may start at any time.
    static func continues(_ settings: String) -> Bool {
        let object = try? JSONSerialization.jsonObject(with: Data(settings.utf8)) as? [String: Any]
        return object?["continues"] as? String == "true"
    }

    /// Which connection of its feed the session is, and where it leads.
    static func connection(_ settings: String) -> ConnectionLabel {
        let object = (try? JSONSerialization.jsonObject(with: Data(settings.utf8)) as? [String: Any]) ?? [:]
        return ConnectionLabel(
            line: object["line"] as? String ?? "", epoch: (object["epoch"] as? String).flatMap { Int64($0) } ?? 0,
            source: object["url"] as? String ?? "")
    }
}
