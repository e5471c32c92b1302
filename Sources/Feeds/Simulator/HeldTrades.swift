/// Trades that are delivered late, by the moment at which they are due.
///
/// - Shape: a binary heap; never more than the trades of `SimulatorFrames.longestDelayNs`.
struct HeldTrades {
    private var heap: [(dueNs: Int64, trade: SimulatedEvent)] = []

    /// When the first is due; `.max` where there is none.
    var nextDueNs: Int64 { heap.first?.dueNs ?? .max }

    mutating func push(_ trade: SimulatedEvent, dueNs: Int64) {
        heap.append((dueNs, trade))
        var child = heap.count - 1
        while child > 0, heap[child].dueNs < heap[(child - 1) / 2].dueNs {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    /// Takes the first one out.
    mutating func pop() -> SimulatedEvent? {
        guard !heap.isEmpty else { return nil }
        heap.swapAt(0, heap.count - 1)
        let first = heap.removeLast().trade
        var parent = 0
        while true {
            var child = 2 * parent + 1
            if child + 1 < heap.count, heap[child + 1].dueNs < heap[child].dueNs { child += 1 }
            guard child < heap.count, heap[child].dueNs < heap[parent].dueNs else { return first }
            heap.swapAt(parent, child)
            parent = child
        }
    }
}
