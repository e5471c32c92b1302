/// What makes two frames the same delivery, where their sender gave it a key.
public struct DeliveryKey: Hashable, Sendable {
    /// Stands for the key, within one feed.
    public let key: StableDigest
    /// Stands for what was delivered: a key that comes back with other content is a mistake of the sender.
    public let content: UInt64

    public init(key: StableDigest, content: UInt64) {
        self.key = key
        self.content = content
    }
}
