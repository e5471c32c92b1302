internal import Networking

/// A record in which the Kinesis Producer Library packed several.
///
/// - Shape: `F3 89 9A C2`, an `AggregatedRecord` of protocol buffers, and the MD5 digest of that message.
/// - Source: awslabs/amazon-kinesis-producer, aggregation-format.md.
struct KinesisAggregate {
    /// A record as its producer wrote it.
    struct Part: Equatable {
        let partitionKey: String
        let data: [UInt8]
    }

    let parts: [Part]

    private static let magic: [UInt8] = [0xf3, 0x89, 0x9a, 0xc2]
    private static let digestBytes = 16

    /// Unpacks a record; nil where it is none of these, or damaged: then it is one record like any other.
    init?(_ bytes: [UInt8]) {
        guard bytes.count >= Self.magic.count + Self.digestBytes, bytes.starts(with: Self.magic) else { return nil }
        let message = bytes[Self.magic.count..<bytes.count - Self.digestBytes]
        guard MD5Digest.of(Array(message)).elementsEqual(bytes.suffix(Self.digestBytes)) else { return nil }
        var keys: [String] = []
        var records: [(key: UInt64, data: ArraySlice<UInt8>)] = []
        var reader = ProtobufReader(message)
        while !reader.isAtEnd {
            guard let field = reader.field() else { return nil }
            switch (field.number, field.value) {
            case (1, .bytes(let key)): keys.append(String(decoding: key, as: UTF8.self))
            case (3, .bytes(let text)):
                guard let record = Self.record(text) else { return nil }
                records.append(record)
            default: continue  // explicit hash keys, and what may come
            }
        }
        var parts: [Part] = []
        for record in records {
            guard record.key < UInt64(keys.count) else { return nil }
            parts.append(Part(partitionKey: keys[Int(record.key)], data: Array(record.data)))
        }
        self.parts = parts
    }

    private static func record(_ message: ArraySlice<UInt8>) -> (key: UInt64, data: ArraySlice<UInt8>)? {
        var key: UInt64?
        var data: ArraySlice<UInt8>?
        var reader = ProtobufReader(message)
        while !reader.isAtEnd {
            guard let field = reader.field() else { return nil }
            switch (field.number, field.value) {
            case (1, .number(let value)): key = value
            case (3, .bytes(let bytes)): data = bytes
            default: continue
            }
        }
        guard let key, let data else { return nil }
        return (key, data)
    }
}

/// Reads the fields of a message of protocol buffers.
///
/// - Source: Protocol Buffers documentation, "Encoding".
private struct ProtobufReader {
    enum Value {
        case number(UInt64)
        case bytes(ArraySlice<UInt8>)
        /// Four or eight bytes that nothing here wants.
        case fixed
    }
    private var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    var isAtEnd: Bool { rest.isEmpty }

    /// The next field; nil where the bytes are no field.
    mutating func field() -> (number: UInt64, value: Value)? {
        guard let tag = varint(), tag >> 3 > 0 else { return nil }
        switch tag & 7 {
        case 0: return varint().map { (tag >> 3, .number($0)) }
        case 1: return take(8).map { _ in (tag >> 3, .fixed) }
        case 2:
            guard let count = varint(), let bytes = take(count) else { return nil }
            return (tag >> 3, .bytes(bytes))
        case 5: return take(4).map { _ in (tag >> 3, .fixed) }
        default: return nil
        }
    }

    private mutating func take(_ count: UInt64) -> ArraySlice<UInt8>? {
        guard count <= UInt64(rest.count) else { return nil }
        defer { rest = rest.dropFirst(Int(count)) }
        return rest.prefix(Int(count))
    }

    private mutating func varint() -> UInt64? {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            guard let byte = rest.popFirst(), shift < 63 || byte <= 1 else { return nil }
            value |= UInt64(byte & 0x7f) << shift
            if byte < 0x80 { return value }
        }
        return nil
    }
}
