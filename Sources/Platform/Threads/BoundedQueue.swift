internal import Foundation

/// A queue of fixed capacity between two threads; a full queue makes the producer wait.
///
/// - Threading: any number of producers and consumers. One lock per element: pass batches, not events.
public final class BoundedQueue<Element>: @unchecked Sendable {  // NSCondition guards every field
    private let condition = NSCondition()
    private var elements: [Element] = []
    private var head = 0
    private var closed = false
    /// Elements that fit before `push` waits.
    public let capacity: Int

    public init(capacity: Int) {
        precondition(capacity > 0)
        self.capacity = capacity
    }

    /// Elements waiting.
    public var count: Int {
        condition.lock()
        defer { condition.unlock() }
        return elements.count - head
    }

    /// Appends, waiting while the queue is full.
    ///
    /// - Returns: false where the queue is closed (the element was not taken).
    @discardableResult
    public func push(_ element: sending Element) -> Bool {
        condition.lock()
        defer { condition.unlock() }
        while elements.count - head >= capacity && !closed { condition.wait() }
        guard !closed else { return false }
        elements.append(element)
        condition.broadcast()
        return true
    }

    /// Appends if there is room.
    ///
    /// - Returns: false where the queue is full or closed.
    public func tryPush(_ element: sending Element) -> Bool {
        condition.lock()
        defer { condition.unlock() }
        guard elements.count - head < capacity && !closed else { return false }
        elements.append(element)
        condition.broadcast()
        return true
    }

    /// Takes the oldest element, waiting up to `timeoutNs` nanoseconds (nil: for ever).
    ///
    /// - Returns: nil on time-out, or when the queue is closed and empty.
    public func pop(timeoutNs: Int64? = nil) -> Element? {
        condition.lock()
        defer { condition.unlock() }
        let deadline = timeoutNs.map { Date(timeIntervalSinceNow: Double($0) / 1e9) }
        while elements.count == head {
            if closed { return nil }
            if let deadline {
                if !condition.wait(until: deadline) && elements.count == head { return nil }
            } else {
                condition.wait()
            }
        }
        let element = elements[head]
        head += 1
        if head == elements.count {
            elements.removeAll(keepingCapacity: true)
            head = 0
        } else if head >= 64 {
            elements.removeFirst(head)
            head = 0
        }
        condition.broadcast()
        return element
    }

    /// True once closed and empty.
    public var isFinished: Bool {
        condition.lock()
        defer { condition.unlock() }
        return closed && elements.count == head
    }

    /// Refuses new elements; what waits can still be taken.
    public func close() {
        condition.lock()
        closed = true
        condition.broadcast()
        condition.unlock()
    }
}
