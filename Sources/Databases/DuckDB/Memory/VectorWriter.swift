internal import Market
internal import Platform

/// Copies rows of columns into DuckDB's vectors; one per thread of a scan.
///
/// Text columns become dictionary vectors: their texts are handed over once per thread, of each row only its index.
@safe
final class VectorWriter {
    typealias Handle = DuckDBFunctions.Handle

    /// The texts of a column as a vector, with a missing value behind the last, and room for the indices of a chunk.
    @safe
    private struct Texts {
        let source: StringDictionary
        let vector: Handle?
        let selection: Handle?
    }

    private let functions: DuckDBFunctions
    private let chunkRows: Int
    private var texts: [Int: Texts] = [:]

    init(_ functions: DuckDBFunctions) {
        self.functions = functions
        chunkRows = Int(functions.vectorSize())
    }

    deinit { for entry in texts.values { destroy(entry) } }

    private func destroy(_ entry: Texts) {
        var vector = unsafe entry.vector
        unsafe functions.destroyVector(&vector)
        unsafe functions.destroySelection(entry.selection)
    }

    /// - Parameter place: the column's place among those that the query wants.
    func write(_ values: MemoryTable.Values, _ rows: Range<Int>, to vector: Handle?, place: Int) {
        switch values {
        case .column(let column): unsafe write(column, rows, to: vector, place)
        case .moments(let values): unsafe divide(values.pointer, rows, by: 1000, to: vector, as: Int64.self)
        case .dates(let values):
            unsafe divide(values.pointer, rows, by: 86_400_000_000_000, to: vector, as: Int32.self)
        }
    }

    /// Writes quotients, rounded down.
    private func divide<T: FixedWidthInteger>(
        _ values: UnsafeMutablePointer<Int64>, _ rows: Range<Int>, by divisor: Int64, to vector: Handle?, as: T.Type
    ) {
        guard let target = unsafe functions.vectorData(vector)?.assumingMemoryBound(to: T.self) else { return }
        for (place, row) in rows.enumerated() {
            let value = unsafe values[row]
            unsafe target[place] = T(truncatingIfNeeded: (value - (value < 0 ? divisor - 1 : 0)) / divisor)
        }
    }

    private func write(_ column: ArrowColumn, _ rows: Range<Int>, to vector: Handle?, _ place: Int) {
        switch column.values {
        case .int64(let values):
            unsafe copy(values.pointer, rows, to: vector)
            if column.isNullable {
                let base = unsafe values.pointer + rows.lowerBound
                unsafe markMissing(rows.count, vector) { unsafe base[$0] == ArrowColumn.missingInt64 }
            }
        case .int32(let values):
            unsafe copy(values.pointer, rows, to: vector)
            if column.isNullable {
                let base = unsafe values.pointer + rows.lowerBound
                unsafe markMissing(rows.count, vector) { unsafe base[$0] == Int32.min }
            }
        case .float64(let values):
            unsafe copy(values.pointer, rows, to: vector)
            if column.isNullable {
                let base = unsafe values.pointer + rows.lowerBound
                unsafe markMissing(rows.count, vector) { unsafe base[$0].isNaN }
            }
        case .boolean(let values): unsafe copy(values.pointer, rows, to: vector)
        case .dictionary(let indices, let dictionary):
            let base = unsafe indices.pointer + rows.lowerBound
            unsafe writeTexts(dictionary, rows.count, to: vector, place) { unsafe base[$0] }
        case .dictionary8(let indices, let dictionary):
            let base = unsafe indices.pointer + rows.lowerBound
            unsafe writeTexts(dictionary, rows.count, to: vector, place) { unsafe UInt32(base[$0]) }
        case .binary(let offsets, let bytes), .text(let offsets, let bytes):
            unsafe writeBytes(offsets.pointer + rows.lowerBound, bytes.pointer, rows.count, to: vector)
        }
    }

    private func copy<T: BitwiseCopyable>(_ values: UnsafeMutablePointer<T>, _ rows: Range<Int>, to vector: Handle?) {
        guard let target = unsafe functions.vectorData(vector) else { return }
        unsafe target.copyMemory(
            from: values + rows.lowerBound, byteCount: rows.count * MemoryLayout<T>.stride)
    }

    private func markMissing(_ count: Int, _ vector: Handle?, _ isMissing: (Int) -> Bool) {
        guard let first = (0..<count).first(where: isMissing) else { return }
        unsafe functions.vectorMakeValidity(vector)
        guard let validity = unsafe functions.vectorValidity(vector) else { return }
        for row in first..<count where isMissing(row) { unsafe validity[row >> 6] &= ~(1 << UInt64(row & 63)) }
    }

    private func writeTexts(
        _ dictionary: StringDictionary, _ count: Int, to vector: Handle?, _ place: Int, _ index: (Int) -> UInt32
    ) {
        let entry = texts(dictionary, place)
        guard let selection = unsafe functions.selectionData(entry.selection) else { return }
        let missing = UInt32(dictionary.values.count)
        for row in 0..<count { unsafe selection[row] = min(index(row), missing) }
        unsafe functions.vectorReference(vector, entry.vector)
        unsafe functions.vectorSlice(vector, entry.selection, UInt64(count))
    }

    private func texts(_ dictionary: StringDictionary, _ place: Int) -> Texts {
        if let known = texts[place] {
            if known.source === dictionary { return known }
            destroy(known)
        }
        let count = dictionary.values.count
        let vector = unsafe functions.withType(.string) { type in unsafe functions.createVector(type, UInt64(count + 1))
        }
        for (row, text) in dictionary.values.enumerated() {
            var text = text
            text.withUTF8 { bytes in
                unsafe bytes.withMemoryRebound(to: CChar.self) { characters in
                    unsafe functions.vectorSetBytes(
                        vector, UInt64(row), characters.baseAddress, UInt64(characters.count))
                }
            }
        }
        unsafe functions.vectorMakeValidity(vector)
        if let validity = unsafe functions.vectorValidity(vector) {
            unsafe validity[count >> 6] &= ~(1 << UInt64(count & 63))
        }
        let entry = unsafe Texts(
            source: dictionary, vector: vector, selection: functions.createSelection(UInt64(chunkRows)))
        texts[place] = entry
        return entry
    }

    private func writeBytes(
        _ offsets: UnsafeMutablePointer<Int64>, _ bytes: UnsafeMutablePointer<UInt8>, _ count: Int, to vector: Handle?
    ) {
        unsafe bytes.withMemoryRebound(to: CChar.self, capacity: 1) { characters in
            for row in 0..<count {
                let start = unsafe offsets[row]
                unsafe functions.vectorSetBytes(
                    vector, UInt64(row), characters + Int(start), UInt64(offsets[row + 1] - start))
            }
        }
    }
}
