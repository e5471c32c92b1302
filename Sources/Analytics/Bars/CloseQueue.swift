/// The open bars of one interval and feed, by end and then in the order in which they were opened.
///
/// One bucket per end, in order. Bars open near the latest end, so that a new one is placed by a look from the back.
/// - Complexity: constant for bars that open in order; else the number of open ends behind the new one.
final class CloseQueue {
    private struct Bucket {
        let endNs: Int64
        let head: Int32
        var tail: Int32
    }

    /// Those before `first` are gone.
    private var buckets: [Bucket] = []
    private var first = 0

    /// End of the earliest open bar; the largest integer where no bar is open.
    private(set) var nextEndNs = Int64.max

    /// Appends a newly opened bar to those of its end.
    func append(slot: Int32, endNs: Int64, slots: borrowing Slab<OpenBar>) {
        var place = buckets.count
        while place > first, buckets[place - 1].endNs >= endNs { place -= 1 }
        if place < buckets.count, buckets[place].endNs == endNs {
            slots[Int(buckets[place].tail)].next = slot
            buckets[place].tail = slot
        } else {
            buckets.insert(Bucket(endNs: endNs, head: slot, tail: slot), at: place)
            nextEndNs = buckets[first].endNs
        }
    }

    /// Takes the bars of the earliest end out; returns the first, the others follow by `next`. Negative where empty.
    func removeFirst() -> Int32 {
        guard first < buckets.count else { return -1 }
        let head = buckets[first].head
        first += 1
        // Moving what is left costs no more than what was taken since.
        if first * 2 >= buckets.count {
            buckets.removeSubrange(..<first)
            first = 0
        }
        nextEndNs = buckets.isEmpty ? .max : buckets[first].endNs
        return head
    }

    /// Calls `body` with every open bar, by end and then by opening.
    func forEach(slots: borrowing Slab<OpenBar>, _ body: (Int32) -> Void) {
        for bucket in buckets[first...] {
            var slot = bucket.head
            while slot >= 0 {
                body(slot)
                slot = slots[Int(slot)].next
            }
        }
    }
}
