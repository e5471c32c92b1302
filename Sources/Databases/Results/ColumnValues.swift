internal import CPlatform

/// The values of a column of a batch, or of what such values consist of, one by one and without a `SQLValue` each.
///
/// Places are rows of the batch, those of keys and values of a map come from `entries`.
/// - Threading: any thread.
@safe
public struct ColumnValues {
    /// The column's name, or that of the member.
    public var name: String { layout.name }
    private let layout: ArrowLayout
    private let array: UnsafeMutablePointer<ArrowArray>
    /// What is added to a place for one of the buffers.
    private let offset: Int
    /// Keeps the memory.
    private let batch: ResultBatch

    fileprivate init(
        _ layout: ArrowLayout, _ array: UnsafeMutablePointer<ArrowArray>, _ base: Int, _ batch: ResultBatch
    ) {
        self.layout = layout
        unsafe self.array = array
        offset = unsafe base + Int(array.pointee.offset)
        self.batch = batch
    }

    /// What values are, as far as they can be read here.
    public enum Form: Sendable, Equatable {
        case boolean
        /// Signed integers of any width.
        case integer
        case text
        /// Members with a name each.
        case structure
        /// Entries with a key and a value.
        case map
        case other
    }

    public var form: Form {
        guard layout.dictionary.isEmpty else { return .other }
        return switch layout.kind {
        case .boolean: .boolean
        case .signed: .integer
        case .text: .text
        case .structure: .structure
        case .map: .map
        default: .other
        }
    }

    /// The members of structures, in order.
    public var members: [ColumnValues] {
        guard case .structure = layout.kind else { return [] }
        return layout.children.indices.compactMap { unsafe child($0, of: array, layout, offset) }
    }

    /// Keys and values of maps; nil of another column.
    public var pairs: (keys: ColumnValues, values: ColumnValues)? {
        guard case .map = layout.kind, let pair = unsafe array.pointee.children[0], let layout = layout.children.first,
            let keys = unsafe child(0, of: pair, layout, Int(pair.pointee.offset)),
            let values = unsafe child(1, of: pair, layout, Int(pair.pointee.offset))
        else { return nil }
        return (keys, values)
    }

    private func child(
        _ number: Int, of array: UnsafeMutablePointer<ArrowArray>, _ layout: ArrowLayout, _ base: Int
    ) -> ColumnValues? {
        guard layout.children.indices.contains(number), let child = unsafe array.pointee.children[number] else {
            return nil
        }
        return unsafe ColumnValues(layout.children[number], child, base, batch)
    }

    /// Whether a value is missing; where a whole structure is, its members say nothing.
    public func isNull(_ place: Int) -> Bool {
        if case .null = layout.kind { return true }
        guard let validity = unsafe array.pointee.buffers[0] else { return false }
        return unsafe !ArrowLayout.bit(validity, place + offset)
    }

    /// A value as `SQLValue`.
    public func value(_ place: Int) -> SQLValue {
        unsafe layout.value(array.pointee, place + offset - Int(array.pointee.offset))
    }

    /// A text; nil where it is missing.
    public func text(_ place: Int) -> String? {
        guard !isNull(place), let bytes = unsafe bytes(place) else { return nil }
        return unsafe String(decoding: bytes, as: UTF8.self)
    }

    private func bytes(_ place: Int) -> UnsafeRawBufferPointer? {
        guard let large = layout.kind.hasLargeEnds, let ends = unsafe array.pointee.buffers[1] else { return nil }
        let range = unsafe ArrowLayout.range(ends, place + offset, large: large)
        return unsafe UnsafeRawBufferPointer(
            start: array.pointee.buffers[2].map { unsafe $0 + range.lowerBound }, count: range.count)
    }

    /// An integer; nil where it is missing.
    public func integer(_ place: Int) -> Int64? {
        guard case .signed(let width) = layout.kind, !isNull(place), let values = unsafe array.pointee.buffers[1] else {
            return nil
        }
        let start = unsafe values + (place + offset) * width
        return switch width {
        case 1: unsafe Int64(start.load(as: Int8.self))
        case 2: unsafe Int64(start.loadUnaligned(as: Int16.self))
        case 4: unsafe Int64(start.loadUnaligned(as: Int32.self))
        default: unsafe start.loadUnaligned(as: Int64.self)
        }
    }

    /// A truth value; nil where it is missing.
    public func boolean(_ place: Int) -> Bool? {
        guard case .boolean = layout.kind, !isNull(place), let values = unsafe array.pointee.buffers[1] else {
            return nil
        }
        return unsafe ArrowLayout.bit(values, place + offset)
    }

    /// The places of a map's keys and values; nil where it is missing.
    public func entries(_ place: Int) -> Range<Int>? {
        guard case .map = layout.kind, !isNull(place), let ends = unsafe array.pointee.buffers[1] else { return nil }
        return unsafe ArrowLayout.range(ends, place + offset, large: false)
    }
}

extension ResultBatch {
    /// The values of a column.
    public func values(_ column: Int) -> ColumnValues? {
        guard let child = unsafe array.pointee.children[column] else { return nil }
        return unsafe ColumnValues(layouts[column], child, Int(array.pointee.offset), self)
    }
}
