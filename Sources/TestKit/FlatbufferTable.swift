/// A table of a FlatBuffer, read as its format says. What is not as the format has it ends the test.
///
/// - Source: FlatBuffers, "FlatBuffer Internals".
struct FlatbufferTable {
    private let bytes: [UInt8]
    private let start: Int

    /// The table that a place refers to.
    init(_ bytes: [UInt8], referredFrom place: Int = 0) {
        self.bytes = bytes
        start = place + Int(Self.load(bytes, place, UInt32.self))
        precondition(start % 4 == 0, "a table is aligned")
    }

    /// Where a field is; nil where it is left out.
    private func place(_ field: Int) -> Int? {
        let form = start - Int(Self.load(bytes, start, Int32.self))
        let entry = 4 + 2 * field
        guard entry < Int(Self.load(bytes, form, UInt16.self)) else { return nil }
        let offset = Int(Self.load(bytes, form + entry, UInt16.self))
        return offset == 0 ? nil : start + offset
    }

    /// A number; zero where it is left out.
    func number<T: FixedWidthInteger>(_ field: Int, _ type: T.Type) -> T {
        guard let place = place(field) else { return 0 }
        precondition(place % MemoryLayout<T>.size == 0, "a number is aligned")
        return Self.load(bytes, place, type)
    }

    func table(_ field: Int) -> FlatbufferTable? { place(field).map { FlatbufferTable(bytes, referredFrom: $0) } }

    func text(_ field: Int) -> String {
        guard let (count, first) = vector(field) else { return "" }
        precondition(bytes[first + count] == 0, "a text ends with zero")
        return String(decoding: bytes[first..<first + count], as: UTF8.self)
    }

    /// The tables of a vector; nil where it is left out.
    func tables(_ field: Int) -> [FlatbufferTable]? {
        vector(field).map { count, first in (0..<count).map { FlatbufferTable(bytes, referredFrom: first + 4 * $0) } }
    }

    /// The structures of two numbers in a vector.
    func pairs(_ field: Int) -> [(Int, Int)] {
        guard let (count, first) = vector(field) else { return [] }
        precondition(first % 8 == 0, "a structure is aligned")
        return (0..<count).map { number in
            let place = first + 16 * number
            return (Int(Self.load(bytes, place, Int64.self)), Int(Self.load(bytes, place + 8, Int64.self)))
        }
    }

    private func vector(_ field: Int) -> (count: Int, first: Int)? {
        guard let place = place(field) else { return nil }
        let target = place + Int(Self.load(bytes, place, UInt32.self))
        precondition(target % 4 == 0, "a vector is aligned")
        return (Int(Self.load(bytes, target, UInt32.self)), target + 4)
    }

    static func load<T: FixedWidthInteger>(_ bytes: [UInt8], _ place: Int, _ type: T.Type) -> T {
        (0..<MemoryLayout<T>.size).reduce(0) { $0 | T(truncatingIfNeeded: bytes[place + $1]) << T(8 * $1) }
    }
}
