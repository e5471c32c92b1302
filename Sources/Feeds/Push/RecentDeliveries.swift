/// The latest deliveries with a key and what became of them, so that a repetition need not be journaled again.
///
/// Only spares work: the engine knows more keys, and knows them after a restart.
/// - Threading: one thread at a time.
struct RecentDeliveries<Delivery> {
    /// Deliveries remembered.
    let capacity: Int
    private var deliveries: [String: Delivery] = [:]
    private var order: [String] = []
    private var next = 0

    init(capacity: Int) { self.capacity = capacity }

    /// The delivery of a key; nil where it is not known.
    subscript(key: String) -> Delivery? { deliveries[key] }

    /// Remembers a delivery under a key that is not known.
    mutating func insert(_ delivery: Delivery, key: String) {
        deliveries[key] = delivery
        if order.count < capacity {
            order.append(key)
        } else {
            deliveries[order[next]] = nil
            order[next] = key
            next = (next + 1) % capacity
        }
    }
}
