internal import Market
internal import Networking

/// What a message is about: the newer replaces the older for a slow client.
struct LiveSubject: Hashable, Sendable {
    let channel: Subscription.Channel
    var instrument: InstrumentID = 0
    /// Of bars and indicators.
    var startNs: Int64 = 0
    var interval: UInt8 = 0
    var priceType: UInt8 = 0
    /// Number of the indicator's name.
    var name: UInt8 = 0
}

/// What a slow client could not take: the newest message of each subject, in the order of their publication.
struct HeldMessages {
    private var entries: [(subject: LiveSubject, message: WebSocketFrames)?] = []
    private var start = 0
    private var places: [LiveSubject: Int] = [:]

    var isEmpty: Bool { places.isEmpty }
    var count: Int { places.count }

    /// The message that goes first.
    var first: WebSocketFrames? { isEmpty ? nil : entries[start]?.message }

    /// Keeps a message behind the others.
    ///
    /// - Returns: true where it replaced an older one.
    mutating func hold(_ message: WebSocketFrames, _ subject: LiveSubject) -> Bool {
        if entries.count > 64, entries.count > 2 * places.count { compact() }
        let older = places.updateValue(entries.count, forKey: subject)
        entries.append((subject, message))
        if let older { entries[older] = nil }
        skipGaps()
        return older != nil
    }

    mutating func removeFirst() {
        guard !isEmpty, let entry = entries[start] else { return }
        places[entry.subject] = nil
        entries[start] = nil
        skipGaps()
    }

    /// Makes `start` the first that is still there.
    private mutating func skipGaps() {
        while start < entries.count, entries[start] == nil { start += 1 }
        if start == entries.count {
            entries.removeAll()
            start = 0
        }
    }

    private mutating func compact() {
        entries = entries[start...].filter { $0 != nil }
        start = 0
        for (place, entry) in entries.enumerated() {
            if let entry { places[entry.subject] = place }
        }
    }
}
