internal import Foundation

/// What a client of the live stream asked for.
struct Subscription: Sendable {
    /// The channels of the live stream.
    enum Channel: String, CaseIterable, Sendable {
        case trades, quotes, bars, indicators, health
        var index: Int { Self.allCases.firstIndex(of: self) ?? 0 }
    }

    /// Instruments of a channel: all, or some by their text.
    struct Instruments: Sendable {
        var all = false
        var names: Set<String> = []
        func contains(_ name: String) -> Bool { all || names.contains(name) }
    }

    /// By `Channel.index`.
    private(set) var instruments = Channel.allCases.map { _ in Instruments() }
    /// Intervals of bars and indicators; nil for all.
    private(set) var intervals: Set<String>?
    private var hasIntervals = false

    func wants(_ channel: Channel, _ instrument: String) -> Bool { instruments[channel.index].contains(instrument) }
    func wants(interval: String) -> Bool { intervals?.contains(interval) ?? true }
    var wantsHealth: Bool { instruments[Channel.health.index].all }

    /// Applies a request.
    mutating func apply(_ request: Request) {
        for channel in request.channels {
            if request.isSubscribe {
                if request.instruments.contains("*") || channel == .health {
                    instruments[channel.index].all = true
                } else {
                    instruments[channel.index].names.formUnion(request.instruments)
                }
            } else if request.instruments.contains("*") || channel == .health {
                instruments[channel.index] = Instruments()
            } else {
                instruments[channel.index].names.subtract(request.instruments)
            }
        }
        guard request.isSubscribe, request.channels.contains(where: { $0 == .bars || $0 == .indicators }) else {
            return
        }
        if request.intervals.isEmpty {
            intervals = nil
        } else if hasIntervals, intervals == nil {
            // All intervals are subscribed already.
        } else {
            intervals = (intervals ?? []).union(request.intervals)
        }
        hasIntervals = true
    }

    /// A message from a client.
    struct Request: Sendable {
        let isSubscribe: Bool
        let channels: [Channel]
        let instruments: [String]
        let intervals: [String]

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
                guard let channel = Channel(rawValue: name) else {
                    throw RequestError("there is no channel `\(name.prefix(40))`: it is one of \(Self.channelNames)")
                }
                channels.append(channel)
            }
            self.channels = channels
            instruments = try Self.texts(object["instruments"], "instruments") ?? ["*"]
            intervals = try Self.texts(object["intervals"], "intervals") ?? []
        }

        private static let channelNames = Channel.allCases.map { "`\($0.rawValue)`" }.joined(separator: ", ")

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
}
