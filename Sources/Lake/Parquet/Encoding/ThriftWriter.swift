internal import Platform

/// Structs in Thrift's compact protocol.
///
/// - Source: Apache Thrift, "Thrift Compact protocol encoding".
struct ThriftWriter: ~Copyable {
    private enum Kind: UInt8 {
        case yes = 1
        case no = 2
        case int16 = 4
        case int32 = 5
        case int64 = 6
        case binary = 8
        case list = 9
        case structure = 12
    }

    let target: ByteBuffer
    /// Number of the last field of the struct that is being written.
    private var last: Int16 = 0

    init(_ target: ByteBuffer) { self.target = target }

    private mutating func field(_ id: Int16, _ kind: Kind) {
        let step = id - last
        if step > 0 && step < 16 {
            target.append(UInt8(step) << 4 | kind.rawValue)
        } else {
            target.append(kind.rawValue)
            target.appendZigzag(Int64(id))
        }
        last = id
    }

    mutating func int16(_ id: Int16, _ value: Int) {
        field(id, .int16)
        target.appendZigzag(Int64(value))
    }

    mutating func int32(_ id: Int16, _ value: Int) {
        field(id, .int32)
        target.appendZigzag(Int64(value))
    }

    mutating func int64(_ id: Int16, _ value: Int64) {
        field(id, .int64)
        target.appendZigzag(value)
    }

    mutating func boolean(_ id: Int16, _ value: Bool) { field(id, value ? .yes : .no) }

    mutating func text(_ id: Int16, _ value: String) {
        field(id, .binary)
        textElement(value)
    }

    mutating func binary(_ id: Int16, _ value: [UInt8]) {
        field(id, .binary)
        target.appendVarint(UInt64(value.count))
        for byte in value { target.append(byte) }
    }

    /// A field that is a struct; `body` writes its fields.
    mutating func structure(_ id: Int16, _ body: (inout ThriftWriter) -> Void) {
        field(id, .structure)
        element(body)
    }

    mutating func structures<Element>(
        _ id: Int16, _ elements: [Element], _ body: (inout ThriftWriter, Element) -> Void
    ) {
        list(id, .structure, elements.count)
        for value in elements { element { body(&$0, value) } }
    }

    mutating func int32s(_ id: Int16, _ values: [Int]) {
        list(id, .int32, values.count)
        for value in values { target.appendZigzag(Int64(value)) }
    }

    mutating func texts(_ id: Int16, _ values: [String]) {
        list(id, .binary, values.count)
        for value in values { textElement(value) }
    }

    /// The fields of a struct and its end.
    mutating func element(_ body: (inout ThriftWriter) -> Void) {
        let outer = last
        last = 0
        body(&self)
        target.append(0)
        last = outer
    }

    private mutating func list(_ id: Int16, _ kind: Kind, _ count: Int) {
        field(id, .list)
        if count < 15 {
            target.append(UInt8(count) << 4 | kind.rawValue)
        } else {
            target.append(0xf0 | kind.rawValue)
            target.appendVarint(UInt64(count))
        }
    }

    private func textElement(_ value: String) {
        target.appendVarint(UInt64(value.utf8.count))
        target.append(value)
    }
}
