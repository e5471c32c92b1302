/// The open bars of one interval and feed, by end and then in the order in which they were opened.
///
/// A ring of buckets, one per end. At any moment the open bars of a feed start between its watermark and the event time
/// it has reached, so that `lateness / length + 2` buckets hold them all and no two ends share one.
/// - Complexity: every operation is constant, finding the next end at most the number of buckets.
final class CloseQueue {
    /// Length of the bars in nanoseconds.
    let lengthNs: Int64
    private let mask: Int64
    private let heads: Slab<Int32>
    private let tails: Slab<Int32>
    /// Number of the earliest open bar and of the latest; the queue is empty where the first is greater.
    private var firstNumber = Int64.max
    private var lastNumber = Int64.min

    init(lengthNs: Int64, latenessNs: Int64) {
        self.lengthNs = lengthNs
        var buckets: Int64 = 2
        while buckets < latenessNs / lengthNs + 2 { buckets *= 2 }
        mask = buckets - 1
        heads = Slab(repeating: -1, count: Int(buckets))
        tails = Slab(repeating: -1, count: Int(buckets))
    }

    /// End of the earliest open bar; the largest integer where no bar is open.
    var nextEndNs: Int64 { firstNumber > lastNumber ? .max : (firstNumber + 1) * lengthNs }

    /// Appends a newly opened bar to those of its end.
    func append(slot: Int32, number: Int64, slots: borrowing Slab<OpenBar>) {
        if firstNumber > lastNumber {
            firstNumber = number
            lastNumber = number
        } else {
            firstNumber = min(firstNumber, number)
            lastNumber = max(lastNumber, number)
        }
        precondition(lastNumber - firstNumber <= mask, "an open bar lies outside the watermark's reach")
        let bucket = Int(number & mask)
        if tails[bucket] < 0 { heads[bucket] = slot } else { slots[Int(tails[bucket])].next = slot }
        tails[bucket] = slot
    }

    /// Takes the bars of the earliest end out; returns the first, the others follow by `next`. Negative where empty.
    func removeFirst() -> Int32 {
        guard firstNumber <= lastNumber else { return -1 }
        let bucket = Int(firstNumber & mask)
        let head = heads[bucket]
        heads[bucket] = -1
        tails[bucket] = -1
        repeat { firstNumber += 1 } while firstNumber <= lastNumber && heads[Int(firstNumber & mask)] < 0
        if firstNumber > lastNumber {
            firstNumber = .max
            lastNumber = .min
        }
        return head
    }

    /// Calls `body` with every open bar, by end and then by opening.
    func forEach(slots: borrowing Slab<OpenBar>, _ body: (Int32) -> Void) {
        guard firstNumber <= lastNumber else { return }
        for number in firstNumber...lastNumber {
            var slot = heads[Int(number & mask)]
            while slot >= 0 {
                body(slot)
                slot = slots[Int(slot)].next
            }
        }
    }
}
