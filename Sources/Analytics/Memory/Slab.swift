internal import Glibc

/// A growing block of plain values that are changed in place: the storage of the engine's hot state.
///
/// - Shape: contiguous, 64-byte aligned; values keep their index.
/// - Threading: one owner at a time.
@safe struct Slab<Element: BitwiseCopyable>: ~Copyable {
    private var storage: UnsafeMutablePointer<Element>
    private var capacity: Int
    /// Values held.
    private(set) var count = 0

    init(capacity: Int = 16) {
        self.capacity = max(1, capacity)
        unsafe storage = Self.allocate(self.capacity)
    }

    /// `count` copies of one value.
    init(repeating value: Element, count: Int) {
        self.init(capacity: count)
        grow(to: count, filling: value)
    }

    deinit { unsafe free(storage) }

    private static func allocate(_ capacity: Int) -> UnsafeMutablePointer<Element> {
        let bytes = (capacity * MemoryLayout<Element>.stride + 63) / 64 * 64
        guard let memory = unsafe aligned_alloc(64, bytes) else { fatalError("out of memory: \(bytes) bytes") }
        return unsafe memory.bindMemory(to: Element.self, capacity: capacity)
    }

    private mutating func reserve(_ needed: Int) {
        guard needed > capacity else { return }
        let grown = max(needed, capacity * 2)
        let moved = unsafe Self.allocate(grown)
        unsafe moved.update(from: storage, count: count)
        unsafe free(storage)
        unsafe storage = moved
        capacity = grown
    }

    mutating func append(_ value: Element) {
        reserve(count + 1)
        unsafe storage[count] = value
        count += 1
    }

    /// Appends copies of `value` until there are `count`; does nothing where there are as many already.
    mutating func grow(to count: Int, filling value: Element) {
        guard count > self.count else { return }
        reserve(count)
        unsafe (storage + self.count).update(repeating: value, count: count - self.count)
        self.count = count
    }

    /// Forgets the values and keeps the memory.
    mutating func removeAll() { count = 0 }

    subscript(index: Int) -> Element {
        @inline(__always) _read {
            precondition(UInt(bitPattern: index) < UInt(bitPattern: count), "index out of range")
            yield unsafe storage[index]
        }
        @inline(__always) nonmutating _modify {
            precondition(UInt(bitPattern: index) < UInt(bitPattern: count), "index out of range")
            yield unsafe &storage[index]
        }
    }

    /// Lends `count` values from `first` on.
    @inline(__always)
    func withSpan<Result>(first: Int, count: Int, _ body: (inout MutableSpan<Element>) -> Result) -> Result {
        precondition(first >= 0 && count >= 0 && first + count <= self.count, "range out of bounds")
        var span = unsafe UnsafeMutableBufferPointer(start: storage + first, count: count).mutableSpan
        return body(&span)
    }
}
