/// Why a file of Parquet cannot be read here: it is damaged, or has what Tapedeck does not write.
struct ParquetUnreadable: Error {
    let reason: String
    /// Whether what stands there is not what was written: no other reader can make sense of it.
    let isDamage: Bool

    init(_ reason: String, isDamage: Bool = false) {
        self.reason = reason
        self.isDamage = isDamage
    }
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

    private var source: BitUnpacking
    private var depth = 0
    /// Of the next byte.
    var position: Int { source.position }

    /// - Precondition: the bytes live as long as the reader.
    init(_ bytes: UnsafeRawBufferPointer, at position: Int = 0) {
        source = unsafe BitUnpacking(bytes, at: position)
    }

    private mutating func length() throws(ParquetUnreadable) -> Int {
        let length = try source.varint()
        guard length <= UInt64(source.left) else { throw ParquetUnreadable("a length is beyond the end") }
        return Int(length)
    }

    /// An integer of a field.
    mutating func integer(_ kind: Kind) throws(ParquetUnreadable) -> Int64 {
        switch kind {
        case .byte: return Int64(Int8(bitPattern: try source.byte()))
        case .int16, .int32, .int64: return try source.zigzag()
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
        return try unsafe String(decoding: source.rest(length()), as: UTF8.self)
    }

    /// One level further down: structs and lists lie in each other.
    private mutating func descend() throws(ParquetUnreadable) {
        guard depth < Self.depthMax else { throw ParquetUnreadable("structs are too deep") }
        depth += 1
    }

    /// The fields of a struct up to its end.
    ///
    /// - Parameter body: reads a field of a number, or returns false for it to be left out.
    mutating func fields(
        _ body: (inout ThriftReader, _ id: Int, Kind) throws(ParquetUnreadable) -> Bool
    ) throws(ParquetUnreadable) {
        try descend()
        defer { depth -= 1 }
        var id = 0
        while true {
            let header = try source.byte()
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
        try descend()
        defer { depth -= 1 }
        let header = try source.byte()
        let count = header >> 4 == 0x0f ? try length() : Int(header >> 4)
        guard let element = Kind(rawValue: header & 0x0f) else { throw ParquetUnreadable("a list of no kind") }
        for _ in 0..<count { try body(&self, element) }
    }

    private mutating func skip(_ kind: Kind) throws(ParquetUnreadable) {
        switch kind {
        case .yes, .no: break
        case .byte, .int16, .int32, .int64: _ = try integer(kind)
        case .double:
            for _ in 0..<8 { _ = try source.byte() }
        case .binary: _ = try unsafe source.rest(length())
        case .list, .set:
            try list(kind) { (reader, element) throws(ParquetUnreadable) in
                if element == .yes || element == .no { _ = try reader.source.byte() } else { try reader.skip(element) }
            }
        case .map: throw ParquetUnreadable("a field is a map")
        case .structure: try fields { (_, _, _) throws(ParquetUnreadable) in false }
        }
    }
}
