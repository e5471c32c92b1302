internal import CPlatform

/// Where a column's values are, in the terms of `JSONRows`; of the batch that was opened last.
@safe
struct JSONColumn {
    enum Kind { case int64, int32, double, boolean, microseconds, date, decimal, text, binary, other }

    /// Where the name is among the names.
    let name: Range<Int>
    private(set) var kind = Kind.other
    /// Place of the first row.
    private var first = 0
    private var validity: UnsafeRawPointer?
    private var values: UnsafeRawPointer?
    private var texts: UnsafeRawPointer?
    private var hasLargeEnds = false
    /// Digits behind the point of decimals.
    private(set) var scale = 0

    init(name: Range<Int>) { self.name = name }

    mutating func open(_ batch: ResultBatch, _ column: Int) {
        kind = .other
        guard let array = unsafe batch.array.pointee.children[column], unsafe array.pointee.dictionary == nil else {
            return
        }
        switch batch.layouts[column].kind {
        case .signed(8): kind = .int64
        case .signed(4): kind = .int32
        case .float(8): kind = .double
        case .boolean: kind = .boolean
        case .timestamp(1000, isUTC: true): kind = .microseconds
        case .date32: kind = .date
        case .decimal(let scale) where scale > 0: (kind, self.scale) = (.decimal, scale)
        case .text(let large): (kind, hasLargeEnds) = (.text, large)
        case .binary(let large): (kind, hasLargeEnds) = (.binary, large)
        default: return
        }
        first = unsafe Int(batch.array.pointee.offset) + Int(array.pointee.offset)
        unsafe validity = array.pointee.buffers[0]
        unsafe values = array.pointee.buffers[1]
        unsafe texts = hasText ? array.pointee.buffers[2] : nil
        if unsafe values == nil { kind = .other }
    }

    var hasText: Bool { kind == .text || kind == .binary }

    @inline(__always)
    func isNull(_ row: Int) -> Bool {
        guard let validity = unsafe validity else { return false }
        return unsafe !ArrowLayout.bit(validity, row + first)
    }

    /// A value of a fixed width.
    @inline(__always)
    func load<T: BitwiseCopyable>(_ row: Int, _ type: T.Type) -> T {
        guard let values = unsafe values else { preconditionFailure("a column that was opened has values") }
        return unsafe values.loadUnaligned(fromByteOffset: (row + first) * MemoryLayout<T>.stride, as: T.self)
    }

    @inline(__always)
    func bit(_ row: Int) -> Bool { unsafe values.map { unsafe ArrowLayout.bit($0, row + first) } ?? false }

    /// The bytes of a text.
    @inline(__always)
    func bytes(_ row: Int) -> UnsafeRawBufferPointer {
        guard let values = unsafe values, let texts = unsafe texts else {
            return unsafe UnsafeRawBufferPointer(start: nil, count: 0)
        }
        let range = unsafe ArrowLayout.range(values, row + first, large: hasLargeEnds)
        return unsafe UnsafeRawBufferPointer(start: texts + range.lowerBound, count: range.count)
    }
}
