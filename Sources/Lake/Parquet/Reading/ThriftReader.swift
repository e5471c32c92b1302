/// Why a file of Parquet cannot be read here: it is damaged, or has what Tapedeck does not write.
struct ParquetUnreadable: Error {
    let reason: String

    init(_ reason: String) { self.reason = reason }
}

/// Structs in Thrift's compact protocol, out of bytes that may be anything.
///
/// - Source: Apache Thrift, "Thrift Compact protocol encoding".
@safe
struct ThriftReader {
    enum Kind: UInt8 {
        case yes = 1
        case no = 2
        case byte = 3
        case int16 = 4
        case int32 = 5
        case int64 = 6
        case double = 7
        case binary = 8
        case list = 9
        case set = 10
        case map = 11
        case structure = 12
    }

    private static let depthMax = 16

    private let bytes: UnsafeRawBufferPointer
    /// Of the next byte.
    private(set) var position: Int
    private var depth = 0

    /// - Precondition: the bytes live as long as the reader.
    init(_ bytes: UnsafeRawBufferPointer, at position: Int = 0) {
        unsafe self.bytes = bytes
        self.position = position
    }

    private mutating func byte() throws(ParquetUnreadable) -> UInt8 {
        guard unsafe position < bytes.count else { throw ParquetUnreadable("a struct ends in the middle") }
        defer { position += 1 }
        return unsafe bytes[position]
    }

    private mutating func varint() throws(ParquetUnreadable) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            let byte = try byte()
            value |= UInt64(byte & 0x7f) << shift
            if byte < 0x80 { return value }
        }
        throw ParquetUnreadable("a number is too long")
    }

    private mutating func length() throws(ParquetUnreadable) -> Int {
        let length = try varint()
        guard unsafe length <= UInt64(bytes.count - position) else {
            throw ParquetUnreadable("a length is beyond the end")
        }
        return Int(length)
    }

    /// An integer of a field.
    mutating func integer(_ kind: Kind) throws(ParquetUnreadable) -> Int64 {
        switch kind {
        case .byte: return Int64(Int8(bitPattern: try byte()))
        case .int16, .int32, .int64:
            let value = try varint()
            return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
        default: throw ParquetUnreadable("a field is no integer")
        }
    }

    /// An integer of a field that counts something in memory.
    mutating func count(_ kind: Kind) throws(ParquetUnreadable) -> Int {
        let value = try integer(kind)
        guard value >= 0, value <= Int64(Int32.max) else { throw ParquetUnreadable("a count is out of range") }
        return Int(value)
    }

    mutating func text(_ kind: Kind) throws(ParquetUnreadable) -> String {
        guard kind == .binary else { throw ParquetUnreadable("a field is no text") }
        let length = try length()
        defer { position += length }
        return unsafe String(decoding: bytes[position..<position + length], as: UTF8.self)
    }

    /// The fields of a struct up to its end.
    ///
    /// - Parameter body: reads a field of a number, or returns false for it to be left out.
    mutating func fields(
        _ body: (inout ThriftReader, _ id: Int, Kind) throws(ParquetUnreadable) -> Bool
    ) throws(ParquetUnreadable) {
        guard depth < Self.depthMax else { throw ParquetUnreadable("structs are too deep") }
        depth += 1
        defer { depth -= 1 }
        var id = 0
        while true {
            let header = try byte()
            if header == 0 { return }
            guard let kind = Kind(rawValue: header & 0x0f) else { throw ParquetUnreadable("a field of no kind") }
            id = header >> 4 == 0 ? Int(truncatingIfNeeded: try integer(.int16)) : id + Int(header >> 4)
            if try !body(&self, id, kind) { try skip(kind) }
        }
    }

    /// The elements of a list, one after the other.
    mutating func list(
        _ kind: Kind, _ body: (inout ThriftReader, Kind) throws(ParquetUnreadable) -> Void
    ) throws(ParquetUnreadable) {
        guard kind == .list || kind == .set else { throw ParquetUnreadable("a field is no list") }
        let header = try byte()
        let count = header >> 4 == 0x0f ? try length() : Int(header >> 4)
        guard let element = Kind(rawValue: header & 0x0f) else { throw ParquetUnreadable("a list of no kind") }
        for _ in 0..<count { try body(&self, element) }
    }

    private mutating func skip(_ kind: Kind) throws(ParquetUnreadable) {
        switch kind {
        case .yes, .no: break
        case .byte, .int16, .int32, .int64: _ = try integer(kind)
        case .double:
            for _ in 0..<8 { _ = try byte() }
        case .binary: position += try length()
        case .list, .set:
            try list(kind) { (reader, element) throws(ParquetUnreadable) in
                if element == .yes || element == .no { _ = try reader.byte() } else { try reader.skip(element) }
            }
        case .map: throw ParquetUnreadable("a field is a map")
        case .structure: try fields { (_, _, _) throws(ParquetUnreadable) in false }
        }
    }
}
