internal import Glibc

/// A growable column of fixed-width values, in the memory layout of an Arrow buffer.
///
/// - Shape: contiguous, 64-byte aligned, at least 64 readable bytes behind the last value.
/// - Threading: one owner at a time; hand it over, do not share it while it grows.
@safe
public final class Column<Element: BitwiseCopyable>: @unchecked Sendable {  // one owner at a time, by contract
    /// First value. Valid until the next call that grows the column.
    @usableFromInline private(set) var storage: UnsafeMutablePointer<Element>
    /// Values held.
    public private(set) var count: Int
    /// Values that fit before the column must grow.
    public private(set) var capacity: Int

    /// Bytes readable behind the last value, so that vector code may read whole words.
    public static var paddingBytes: Int { 64 }

    public init(capacity: Int = 0) {
        self.capacity = max(capacity, 16)
        count = 0
        unsafe storage = Self.allocate(self.capacity)
    }

    deinit { unsafe free(storage) }

    private static func allocate(_ capacity: Int) -> UnsafeMutablePointer<Element> {
        let bytes = (capacity * MemoryLayout<Element>.stride + paddingBytes + 63) / 64 * 64
        guard let memory = unsafe aligned_alloc(64, bytes) else { fatalError("out of memory: \(bytes) bytes") }
        return unsafe memory.bindMemory(to: Element.self, capacity: capacity)
    }

    /// Makes room for `additional` more values.
    public func reserve(_ additional: Int) {
        let needed = count + additional
        guard needed > capacity else { return }
        let grown = max(needed, capacity * 2)
        let moved = unsafe Self.allocate(grown)
        unsafe moved.update(from: storage, count: count)
        unsafe free(storage)
        unsafe storage = moved
        capacity = grown
    }

    @inlinable
    public func append(_ value: Element) {
        if count == capacity { reserve(1) }
        unsafe storage[count] = value
        setCount(count + 1)
    }

    @usableFromInline func setCount(_ value: Int) { count = value }

    /// Appends `added` values, each given by its place among them.
    @inlinable
    public func append(count added: Int, _ value: (Int) -> Element) {
        reserve(added)
        let end = unsafe storage + count
        for place in 0..<added { unsafe end[place] = value(place) }
        setCount(count + added)
    }

    /// Appends a value `added` times.
    @inlinable
    public func append(repeating value: Element, count added: Int) { append(count: added) { _ in value } }

    /// Appends raw bytes.
    public func append(contentsOf bytes: UnsafeRawBufferPointer) where Element == UInt8 {
        reserve(bytes.count)
        guard let base = bytes.baseAddress else { return }
        unsafe UnsafeMutableRawPointer(storage + count).copyMemory(from: base, byteCount: bytes.count)
        count += bytes.count
    }

    /// Appends the bytes of a text.
    public func append(utf8 text: String) where Element == UInt8 {
        var text = text
        text.withUTF8 { unsafe append(contentsOf: UnsafeRawBufferPointer($0)) }
    }

    /// Appends rows of another column.
    public func append(_ rows: Range<Int>, of source: Column<Element>) {
        precondition(rows.lowerBound >= 0 && rows.upperBound <= source.count, "rows out of range")
        reserve(rows.count)
        unsafe (storage + count).update(from: source.storage + rows.lowerBound, count: rows.count)
        count += rows.count
    }

    /// Takes out the first values; the others move to the front.
    public func removeFirst(_ removed: Int) {
        precondition(removed >= 0 && removed <= count, "cannot remove \(removed) of \(count) values")
        if removed < count { unsafe storage.update(from: storage + removed, count: count - removed) }
        count -= removed
    }

    /// Declares that `count` values were written through `pointer` (within `capacity`), or cuts the column shorter.
    public func truncateOrExtend(to count: Int) {
        precondition(count >= 0 && count <= capacity, "count \(count) outside 0...\(capacity)")
        self.count = count
    }

    /// Empties the column and keeps its memory.
    public func removeAll() { count = 0 }

    @inlinable
    public subscript(index: Int) -> Element {
        get {
            precondition(index >= 0 && index < count, "index out of range")
            return unsafe storage[index]
        }
        set {
            precondition(index >= 0 && index < count, "index out of range")
            unsafe storage[index] = newValue
        }
    }

    /// The values as memory, for C interfaces and tight loops.
    @unsafe public var pointer: UnsafeMutablePointer<Element> { unsafe storage }

    /// The values as a buffer, valid until the next call that grows the column.
    @unsafe public var buffer: UnsafeBufferPointer<Element> {
        unsafe UnsafeBufferPointer(start: storage, count: count)
    }
}
