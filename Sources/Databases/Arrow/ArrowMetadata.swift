internal import Market

/// The metadata of a stream of rows of a table, in Arrow's format for other processes: what a message says of its columns, and
/// where in their buffers the values of a batch are.
///
/// - Source: Apache Arrow, "Columnar Format", "Serialization and Interprocess Communication"; `Schema.fbs`, `Message.fbs`.
struct ArrowMetadata {
    /// A column as readers see it.
    struct Field {
        let name: String
        let type: TableSchema.ColumnType
        let isNullable: Bool

        /// Buffers: which values are there, the ends of texts, values.
        var bufferCount: Int { type == .string || type == .binary ? 3 : 2 }
    }

    /// The message of the schema and, behind it, that of a batch whose numbers are zero.
    let bytes: [UInt8]
    /// Where in `bytes` the numbers of a batch are, each a little-endian integer of 64 bits.
    let rows: Int
    let bodyBytes: Int
    /// Rows and missing values of each column, two numbers one behind the other.
    let nodes: Int
    /// Place and bytes of each buffer in the body, likewise.
    let buffers: Int

    /// Ends a stream.
    static let end: [UInt8] = marker + [0, 0, 0, 0]
    /// Begins each message, before the bytes of its metadata.
    private static let marker = [UInt8](repeating: 0xff, count: 4)

    /// `MetadataVersion.V5`.
    private static let version: Int16 = 4
    /// Which of `MessageHeader` a message is.
    private static let schema: UInt8 = 1
    private static let batch: UInt8 = 3

    init(_ fields: [Field]) {
        let schema = Self.framed(Self.schema(fields))
        var writer = FlatbufferWriter()
        let message = writer.table(
            [.short(Self.version), .byte(Self.batch), .reference, .long(0)], for: FlatbufferWriter.root)
        let batch = writer.table([.long(0), .reference, .reference], for: message[2])
        let nodes = writer.vector(fields.count, width: 16, alignment: 8, for: batch[1])
        let buffers = writer.vector(
            fields.reduce(0) { $0 + $1.bufferCount }, width: 16, alignment: 8, for: batch[2])
        bytes = schema + Self.framed(writer)
        let start = schema.count + Self.frameBytes
        rows = start + batch[0]
        bodyBytes = start + message[3]
        self.nodes = start + nodes
        self.buffers = start + buffers
    }

    /// Bytes before the metadata of a message.
    private static let frameBytes = 8

    private static func framed(_ writer: FlatbufferWriter) -> [UInt8] {
        var writer = writer
        writer.align(to: 8)
        let size = writer.bytes.count
        return marker + (0..<4).map { UInt8(truncatingIfNeeded: size >> (8 * $0)) } + writer.bytes
    }

    private static func schema(_ fields: [Field]) -> FlatbufferWriter {
        var writer = FlatbufferWriter()
        let message = writer.table(
            [.short(version), .byte(schema), .reference, .long(0)], for: FlatbufferWriter.root)
        let schema = writer.table([.absent, .reference], for: message[2])
        let first = writer.vector(fields.count, width: 4, for: schema[1])
        for (place, field) in fields.enumerated() {
            let (number, type) = describe(field.type)
            let places = writer.table(
                [.reference, .byte(field.isNullable ? 1 : 0), .byte(number), .reference, .absent, .reference],
                for: first + 4 * place)
            writer.text(field.name, for: places[0])
            let parts = writer.table(type, for: places[3])
            if field.type == .timestamp { writer.text("UTC", for: parts[1]) }
            // None has children, but readers want to be told.
            _ = writer.vector(0, width: 4, for: places[5])
        }
        return writer
    }

    /// Which of `Type` a column is, and the fields of its description.
    private static func describe(_ type: TableSchema.ColumnType) -> (number: UInt8, fields: [FlatbufferWriter.Field]) {
        switch type {
        case .int32: (2, [.int(32), .byte(1)])
        case .int64: (2, [.int(64), .byte(1)])
        case .float64: (3, [.short(2)])
        case .binary: (4, [])
        case .string: (5, [])
        case .boolean: (6, [])
        case .decimal(let scale): (7, [.int(Int32(TableSchema.ColumnType.decimalDigits)), .int(Int32(scale))])
        case .date: (8, [.short(0)])
        case .timestamp: (10, [.short(2), .reference])
        }
    }
}
