internal import Platform

/// The different texts of a column, numbered in the order in which they came.
///
/// - Shape: open addressing over numbers plus one, at most half full.
/// - Threading: one thread at a time.
@safe
final class NativeDictionary {
    private let content = Column<UInt8>()
    /// Where each text ends in `content`.
    private let ends = Column<Int>()
    private var slots: [UInt32]
    private var last: UInt32 = 0

    /// - Parameter hasMissing: the first number stands for what is missing, and is no text.
    init(hasMissing: Bool) {
        slots = Array(repeating: 0, count: 64)
        if hasMissing { ends.append(0) }
        firstText = hasMissing ? 1 : 0
    }

    private let firstText: Int
    /// Texts, that of what is missing included.
    var count: Int { ends.count }

    /// The number of a text.
    func number(of text: UnsafeRawBufferPointer) -> UInt32 {
        // Neighbours often agree.
        if Int(last) < count, Int(last) >= firstText, unsafe isText(Int(last), text) { return last }
        last = unsafe look(for: text)
        return last
    }

    private func look(for text: UnsafeRawBufferPointer) -> UInt32 {
        var slot = unsafe Int(truncatingIfNeeded: Self.hash(text)) & (slots.count - 1)
        while slots[slot] != 0 {
            let number = slots[slot] - 1
            if unsafe isText(Int(number), text) { return number }
            slot = (slot + 1) & (slots.count - 1)
        }
        unsafe content.append(contentsOf: text)
        ends.append(content.count)
        slots[slot] = UInt32(ends.count)
        if ends.count * 2 > slots.count { grow() }
        return UInt32(ends.count - 1)
    }

    private func grow() {
        slots = Array(repeating: 0, count: slots.count * 4)
        for number in firstText..<count {
            var slot = unsafe Int(truncatingIfNeeded: Self.hash(text(number))) & (slots.count - 1)
            while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
            slots[slot] = UInt32(number + 1)
        }
    }

    private func text(_ number: Int) -> UnsafeRawBufferPointer {
        let start = number == 0 ? 0 : ends[number - 1]
        return unsafe UnsafeRawBufferPointer(start: content.pointer + start, count: ends[number] - start)
    }

    private func isText(_ number: Int, _ text: UnsafeRawBufferPointer) -> Bool {
        let known = unsafe self.text(number)
        guard known.count == text.count else { return false }
        return unsafe known.elementsEqual(text)
    }

    /// Multiplications by an odd constant, eight bytes at a time.
    private static func hash(_ text: UnsafeRawBufferPointer) -> UInt64 {
        var hash = UInt64(text.count)
        var place = 0
        while place + 8 <= text.count {
            let word = unsafe text.loadUnaligned(fromByteOffset: place, as: UInt64.self)
            hash = mix(hash ^ word)
            place += 8
        }
        var rest: UInt64 = 0
        while place < text.count {
            rest = unsafe rest << 8 | UInt64(text[place])
            place += 1
        }
        return mix(hash ^ rest)
    }

    private static func mix(_ value: UInt64) -> UInt64 {
        let product = value &* 0x9E37_79B9_7F4A_7C15
        return product ^ product >> 32
    }

    /// The texts in the form of a column of type String.
    func write(to body: NativeBody) {
        for number in 0..<count {
            let text = unsafe text(number)
            body.append(varint: text.count)
            unsafe body.append(text)
        }
    }
}
