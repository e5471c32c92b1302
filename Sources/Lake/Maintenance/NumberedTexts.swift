internal import Glibc
internal import Market
internal import Platform

/// Texts of which there are few, numbered in the order in which they come.
///
/// - Threading: one thread at a time.
final class NumberedTexts {
    /// The number of each row's text; the largest of all where it is missing.
    let indices = Column<UInt32>()
    private let bytes = Column<UInt8>()
    /// Where a text begins; one more at the end.
    private let starts = Column<Int64>()
    private var numbers: [UInt64: UInt32] = [:]

    init() { starts.append(0) }

    func removeAll() {
        indices.removeAll()
        bytes.removeAll()
        starts.removeAll()
        starts.append(0)
        numbers.removeAll(keepingCapacity: true)
    }

    /// Appends a row.
    func append(_ text: UnsafeRawBufferPointer?) {
        guard let text = unsafe text else { return indices.append(ArrowColumn.missingIndex) }
        // In sorted rows a text mostly follows itself.
        if indices.count > 0, indices[indices.count - 1] != ArrowColumn.missingIndex {
            let last = indices[indices.count - 1]
            if unsafe isEqual(last, text) { return indices.append(last) }
        }
        indices.append(unsafe number(text))
    }

    private func number(_ text: UnsafeRawBufferPointer) -> UInt32 {
        var hash = unsafe FNV1a.hash(text)
        while let known = numbers[hash] {
            if unsafe isEqual(known, text) { return known }
            hash &+= 1
        }
        let number = UInt32(starts.count - 1)
        numbers[hash] = number
        unsafe bytes.append(contentsOf: text)
        starts.append(Int64(bytes.count))
        return number
    }

    private func isEqual(_ number: UInt32, _ text: UnsafeRawBufferPointer) -> Bool {
        let (start, end) = (Int(starts[Int(number)]), Int(starts[Int(number) + 1]))
        guard end - start == text.count else { return false }
        guard unsafe !text.isEmpty, let other = text.baseAddress else { return true }
        return unsafe memcmp(bytes.pointer + start, other, text.count) == 0
    }

    /// The texts as they are now.
    func dictionary() -> StringDictionary {
        StringDictionary(
            values: (0..<starts.count - 1).map { number -> String in
                let place = Int(starts[number])..<Int(starts[number + 1])
                return unsafe String(decoding: UnsafeBufferPointer(rebasing: bytes.buffer[place]), as: UTF8.self)
            })
    }
}
