internal import CPlatform

/// Where a column's values are, for those who write rows; of the batch that was opened last.
@safe
struct ValueColumn {
    enum Kind: Equatable { case int64, int32, double, boolean, microseconds, date, decimal, text, binary, other }

    private(set) var kind = Kind.other
    /// Place of the first row.
    private var first = 0
    /// Nil where no value is missing.
    private var validity: UnsafeRawPointer?
    private var values: UnsafeRawPointer?
    private var texts: UnsafeRawPointer?
    private var hasLargeEnds = false
    /// Digits behind the point of decimals.
    private(set) var scale = 0

    init() {}

    /// The column of a batch.
    init(_ batch: ResultBatch, _ column: Int) { open(batch, column) }

    mutating func open(_ batch: ResultBatch, _ column: Int) {
        self = ValueColumn()
        let layout = batch.layouts[column]
        guard let array = unsafe batch.array.pointee.children[column], let kind = Self.kind(of: layout) else { return }
        self.kind = kind
        switch layout.kind {
        case .decimal(let scale): self.scale = scale
        case .text(let large), .binary(let large): hasLargeEnds = large
        default: break
        }
        first = unsafe Int(batch.array.pointee.offset) + Int(array.pointee.offset)
        if unsafe array.pointee.null_count != 0 { unsafe validity = array.pointee.buffers[0] }
        unsafe values = array.pointee.buffers[1]
        unsafe texts = hasText ? array.pointee.buffers[2] : nil
        if unsafe values == nil { self.kind = .other }
    }

    /// Nil of a column whose values have another form.
    static func kind(of layout: ArrowLayout) -> Kind? {
        guard layout.dictionary.isEmpty else { return nil }
        return switch layout.kind {
        case .signed(8): .int64
        case .signed(4): .int32
        case .float(8): .double
        case .boolean: .boolean
        case .timestamp(1000, isUTC: true): .microseconds
        case .date32: .date
        case .decimal(let scale) where scale > 0: .decimal
        case .text: .text
        case .binary: .binary
        default: nil
        }
    }

    var hasText: Bool { kind == .text || kind == .binary }

    /// Whether any value may be missing.
    var hasMissing: Bool { unsafe validity != nil || values == nil }

    @inline(__always)
    func isNull(_ row: Int) -> Bool {
        guard let validity = unsafe validity else { return unsafe values == nil }
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
