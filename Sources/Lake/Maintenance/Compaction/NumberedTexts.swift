internal import Glibc
internal import Market
internal import Platform

/// Texts of which there are few, numbered in the order in which they come.
///
/// - Threading: one thread at a time; several at once hold `lock`.
final class NumberedTexts: @unchecked Sendable {  // by contract
    let lock = Lock()
    private let bytes = Column<UInt8>()
    /// Where a text begins; one more at the end.
    private let starts = Column<Int64>()
    private var numbers: [UInt64: UInt32] = [:]
    private var last: UInt32?

    init() { starts.append(0) }

    /// The number of a text.
    func number(_ text: UnsafeRawBufferPointer) -> UInt32 {
        // In sorted rows a text mostly follows itself.
        if let last, unsafe isEqual(last, text) { return last }
        var hash = unsafe FNV1a.hash(text)
        while let known = numbers[hash] {
            if unsafe isEqual(known, text) {
                last = known
                return known
            }
            hash &+= 1
        }
        let number = UInt32(starts.count - 1)
        numbers[hash] = number
        unsafe bytes.append(contentsOf: text)
        starts.append(Int64(bytes.count))
        last = number
        return number
    }

    private func isEqual(_ number: UInt32, _ text: UnsafeRawBufferPointer) -> Bool {
        let (start, end) = (Int(starts[Int(number)]), Int(starts[Int(number) + 1]))
        guard end - start == text.count else { return false }
        guard unsafe !text.isEmpty, let other = text.baseAddress else { return true }
        return unsafe memcmp(bytes.pointer + start, other, text.count) == 0
    }

    /// The text of a number.
    func text(_ number: Int) -> String {
        let place = Int(starts[number])..<Int(starts[number + 1])
        return unsafe String(decoding: UnsafeBufferPointer(rebasing: bytes.buffer[place]), as: UTF8.self)
    }

    /// The texts as they are now.
    func dictionary() -> StringDictionary { StringDictionary(values: (0..<starts.count - 1).map(text)) }
}
