internal import Market
internal import Platform

/// What is known of a delivery by its key.
public enum DeliveryOutcome: Sendable {
    /// The key is new.
    case new
    /// The same delivery was seen before.
    case repeated
    /// The key was seen before, with other content.
    case reused
}

/// Which deliveries of one feed were seen: the latest, by key.
///
/// A sender that got no answer sends again under the same key, however often, and also after this program was killed:
/// what was journaled twice counts once.
/// - Threading: one owner at a time.
struct DeliveryKeys: Sendable, Equatable {
    /// Keys remembered per feed.
    static let window = 262_144

    private var contents: [StableDigest: UInt64] = [:]
    /// The keys of `contents`, in a ring of `window` places.
    private var order: [StableDigest] = []
    private var next = 0

    init() {}

    /// Looks a delivery up and remembers it where its key is new.
    mutating func insert(_ delivery: DeliveryKey) -> DeliveryOutcome {
        if let content = contents[delivery.key] { return content == delivery.content ? .repeated : .reused }
        contents[delivery.key] = delivery.content
        if order.count < Self.window {
            order.append(delivery.key)
        } else {
            contents[order[next]] = nil
            order[next] = delivery.key
            next = (next + 1) % Self.window
        }
        return .new
    }

    // MARK: Checkpoint

    func encode(into writer: inout BinaryWriter) {
        writer.write(UInt32(order.count))
        // From the oldest on, so that a restored ring starts at its first place.
        for place in order.indices {
            let key = order[(next + place) % order.count]
            writer.write(key.high)
            writer.write(key.low)
            writer.write(contents[key] ?? 0)
        }
    }

    init(from reader: inout BinaryReader) throws(EngineStateError) {
        for _ in 0..<(try reader.value(UInt32.self)) {
            let key = StableDigest(high: try reader.value(), low: try reader.value())
            _ = insert(DeliveryKey(key: key, content: try reader.value()))
        }
    }
}
