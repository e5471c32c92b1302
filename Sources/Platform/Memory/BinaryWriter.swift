/// Little-endian bytes written in order: the format of checkpoints and record headers.
public struct BinaryWriter: Sendable {
    /// What was written so far.
    public private(set) var bytes: [UInt8] = []

    public init() {}

    public mutating func write<T: FixedWidthInteger>(_ value: T) {
        for index in 0..<MemoryLayout<T>.size { bytes.append(UInt8(truncatingIfNeeded: value >> T(8 * index))) }
    }

    /// The bit pattern, so that NaN and the sign of zero survive.
    public mutating func write(_ value: Double) { write(value.bitPattern) }
    public mutating func write(_ value: Bool) { write(UInt8(value ? 1 : 0)) }

    /// UTF-8 with its length (32 bits) before it.
    public mutating func write(_ value: String) {
        write(UInt32(value.utf8.count))
        bytes.append(contentsOf: value.utf8)
    }

    /// Bytes with their length (64 bits) before them.
    public mutating func write(_ value: [UInt8]) {
        write(UInt64(value.count))
        bytes.append(contentsOf: value)
    }
}

/// Reads what `BinaryWriter` wrote.
public struct BinaryReader: Sendable {
    private let bytes: [UInt8]
    /// Bytes read so far.
    public private(set) var position = 0

    public init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// Bytes not read yet.
    public var remaining: Int { bytes.count - position }

    /// - Throws: `BinaryReaderError` at the end of the bytes, as do all the others.
    public mutating func read<T: FixedWidthInteger>(_ type: T.Type = T.self) throws(BinaryReaderError) -> T {
        let size = MemoryLayout<T>.size
        guard remaining >= size else { throw BinaryReaderError(position: position, wanted: size) }
        var value: T = 0
        for index in 0..<size { value |= T(truncatingIfNeeded: bytes[position + index]) << T(8 * index) }
        position += size
        return value
    }

    public mutating func readDouble() throws(BinaryReaderError) -> Double { Double(bitPattern: try read(UInt64.self)) }
    public mutating func readBool() throws(BinaryReaderError) -> Bool { try read(UInt8.self) != 0 }

    public mutating func readString() throws(BinaryReaderError) -> String {
        let count = Int(try read(UInt32.self))
        guard remaining >= count else { throw BinaryReaderError(position: position, wanted: count) }
        defer { position += count }
        return String(decoding: bytes[position..<position + count], as: UTF8.self)
    }

    public mutating func readBytes() throws(BinaryReaderError) -> [UInt8] {
        let count = try read(UInt64.self)
        guard count <= UInt64(remaining) else {
            throw BinaryReaderError(position: position, wanted: Int(clamping: count))
        }
        defer { position += Int(count) }
        return Array(bytes[position..<position + Int(count)])
    }
}

/// The bytes ended before the value did.
public struct BinaryReaderError: Error, CustomStringConvertible {
    public let position: Int
    public let wanted: Int
    public var description: String { "ends at byte \(position), \(wanted) more bytes expected" }
}
