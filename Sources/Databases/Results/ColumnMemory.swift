internal import CPlatform

/// Where the values of one column of a batch lie, for whoever writes them on in another form without looking at each.
///
/// - Shape: Arrow's; row `i` of the batch is value `first + i` of the buffers.
/// - Threading: any thread, while its batch lives.
@safe
public struct ColumnMemory {
    /// What the buffers hold.
    public enum Form: Sendable, Equatable {
        /// One bit a row.
        case boolean
        /// Days since 1970 are such numbers, too.
        case int32
        /// Microseconds since 1970 are such numbers, too.
        case int64
        case float64
        /// Integers of 16 bytes.
        case decimal
        /// UTF-8 or bytes; offsets of 4 bytes, or of 8 where `isLarge`.
        case bytes(isLarge: Bool)
    }

    public let form: Form
    /// The buffers' place of the batch's first row.
    public let first: Int
    /// A bit per value, unset where it is missing; nil where none is.
    @unsafe public let validity: UnsafeRawPointer?
    /// Values; of bytes the offsets, one more than there are values. Nil where there are no rows.
    @unsafe public let values: UnsafeRawPointer?
    /// What offsets point into; nil where all are empty.
    @unsafe public let content: UnsafeRawPointer?
}

extension ResultBatch {
    /// The memory of a column; nil where its values have a form that `ColumnMemory` does not know.
    public func memory(_ column: Int) -> ColumnMemory? {
        guard let form = layouts[column].form, let child = unsafe array.pointee.children[column] else { return nil }
        let isBytes = if case .bytes = form { true } else { false }
        let buffers = unsafe child.pointee.buffers
        let hasMissing = unsafe child.pointee.null_count != 0
        return unsafe ColumnMemory(
            form: form, first: Int(array.pointee.offset + child.pointee.offset),
            validity: hasMissing ? buffers?[0] : nil, values: buffers?[1], content: isBytes ? buffers?[2] : nil)
    }
}

extension ArrowLayout {
    /// The form of values that can be copied as they are.
    fileprivate var form: ColumnMemory.Form? {
        guard dictionary.isEmpty else { return nil }
        return switch kind {
        case .boolean: .boolean
        case .signed(4), .date32: .int32
        case .signed(8), .timestamp(1000, _): .int64
        case .float(8): .float64
        case .decimal: .decimal
        case .text(let isLarge), .binary(let isLarge): .bytes(isLarge: isLarge)
        default: nil
        }
    }
}
