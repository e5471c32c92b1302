internal import Foundation
internal import Platform

/// What the journal keeps of a connection that a live feed lost: the payload of a heartbeat record.
///
/// `{"lost":"EPOCH","line":"LINE","reason":"TEXT"}`. A heartbeat without payload says only that nothing arrived.
public struct ConnectionLoss: Sendable, Equatable {
    /// Number of the connection in the settings of its session.
    public let epoch: Int64
    /// Which of the feed's lines, as in the settings; empty where there is one.
    public let line: String
    /// Why, in words.
    public let reason: String

    public init(epoch: Int64, line: String = "", reason: String) {
        self.epoch = epoch
        self.line = line
        self.reason = reason
    }

    /// Reads a payload; nil where it is of no loss.
    public init?(payload: String) {
        guard !payload.isEmpty,
            let object = try? JSONSerialization.jsonObject(with: Data(payload.utf8)) as? [String: String],
            let epoch = object["lost"].flatMap({ Int64($0) })
        else { return nil }
        self.init(epoch: epoch, line: object["line"] ?? "", reason: object["reason"] ?? "")
    }

    /// The payload.
    public var payload: String {
        "{\"lost\":\"\(epoch)\",\"line\":\(JSONText.quoted(line)),\"reason\":\(JSONText.quoted(reason))}"
    }
}
