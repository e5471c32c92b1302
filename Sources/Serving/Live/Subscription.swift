internal import Foundation

/// What clients of the live stream ask for.
enum Subscription {
    /// The channels of the live stream.
    enum Channel: Int, CaseIterable, Sendable {
        case trades, quotes, bars, indicators, health

        /// The name in messages.
        var name: String { "\(self)" }

        init?(name: String) {
            guard let channel = Self.allCases.first(where: { $0.name == name }) else { return nil }
            self = channel
        }
    }

    /// A message from a client.
    struct Request: Sendable {
        let isSubscribe: Bool
        let channels: [Channel]
        let instruments: [String]
        let intervals: [String]

        /// All instruments, whatever else is named.
        var takesAll: Bool { instruments.contains("*") }

        /// Reads a message; the error is the text that the client gets.
        init(_ text: [UInt8]) throws(RequestError) {
            guard let object = try? JSONSerialization.jsonObject(with: Data(text)) as? [String: Any] else {
                throw RequestError("a message must be a JSON object")
            }
            switch object["op"] as? String {
            case "subscribe": isSubscribe = true
            case "unsubscribe": isSubscribe = false
            case let other:
                throw RequestError(
                    "`op` must be `subscribe` or `unsubscribe`, not \(other.map { "`\($0)`" } ?? "missing")")
            }
            guard let names = object["channels"] as? [String], !names.isEmpty else {
                throw RequestError("`channels` must be a list of \(Self.channelNames)")
            }
            var channels: [Channel] = []
            for name in names {
                guard let channel = Channel(name: name) else {
                    throw RequestError("there is no channel `\(name.prefix(40))`: it is one of \(Self.channelNames)")
                }
                channels.append(channel)
            }
            self.channels = channels
            instruments = try Self.texts(object["instruments"], "instruments") ?? ["*"]
            intervals = try Self.texts(object["intervals"], "intervals") ?? []
        }

        private static let channelNames = Channel.allCases.map { "`\($0.name)`" }.joined(separator: ", ")

        private static func texts(_ value: Any?, _ name: String) throws(RequestError) -> [String]? {
            guard let value else { return nil }
            guard let texts = value as? [String], texts.count <= 100_000 else {
                throw RequestError("`\(name)` must be a list of texts")
            }
            return texts
        }
    }

    /// A message from a client that is not understood.
    struct RequestError: Error {
        let message: String
        init(_ message: String) { self.message = message }
    }

    /// Intervals of bars and indicators that a client wants: all, or those it named in any of its subscriptions.
    struct Intervals: Sendable {
        /// nil for all.
        private var names: Set<String>?
        private var isGiven = false

        func contains(_ interval: String) -> Bool { names?.contains(interval) ?? true }

        /// Adds those of a subscription; a subscription that names none asks for all, for good.
        mutating func add(_ request: Request) {
            guard request.isSubscribe, request.channels.contains(where: { $0 == .bars || $0 == .indicators }) else {
                return
            }
            if request.intervals.isEmpty {
                names = nil
            } else if names != nil || !isGiven {
                names = (names ?? []).union(request.intervals)
            }
            isGiven = true
        }
    }
}
