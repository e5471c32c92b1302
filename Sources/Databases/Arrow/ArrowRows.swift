public import Market
public import Platform

/// Writes rows of a table, drawn from several batches, as streams in Arrow's format for other processes.
///
/// - Shape: a stream is a schema, one batch and the end. Behind the table's columns stands one of 32-bit integers, that the rows
///   are given with. Texts are plain UTF-8; moments are microseconds in UTC. Buffers begin at multiples of 8 bytes. A column that
///   cannot be null and has no value, as in rows that are older than it, is 0, false or empty.
/// - Source: Apache Arrow, "Columnar Format", "Serialization and Interprocess Communication".
/// - Threading: one thread at a time.
@safe
public final class ArrowRows {
    /// A row: where it is, and its value of the last column.
    public struct Row: BitwiseCopyable, Sendable {
        public let batch: Int32
        public let row: Int32
        public let number: Int32

        public init(batch: Int32, row: Int32, number: Int32) {
            self.batch = batch
            self.row = row
            self.number = number
        }
    }

    private let fields: [ArrowMetadata.Field]
    private let kinds: [ValueColumn.Kind]
    private let textColumns: [Int]
    private let metadata: ArrowMetadata
    /// Bytes that a row adds, apart from its texts: values, and a bit for each.
    private let rowBytes: Int
    /// By batch, the columns of each one behind the other.
    private var columns: [ValueColumn] = []
    /// Whether any batch may miss values of a column.
    private var hasMissing: [Bool] = []

    /// For rows that have the columns of the table.
    ///
    /// - Parameter number: name of the last column.
    /// - Throws: `unsupported` where a column has another type.
    public init(_ table: TableSchema, number: String, _ rows: ResultStream) throws(DatabaseError) {
        kinds = try ValueColumn.kinds(of: table, rows)
        textColumns = kinds.indices.filter { [kinds] in [.text, .binary].contains(kinds[$0]) }
        fields =
            table.columns.map { .init(name: $0.name, type: $0.type, isNullable: $0.isNullable) }
            + [.init(name: number, type: .int32, isNullable: false)]
        metadata = ArrowMetadata(fields)
        rowBytes = kinds.reduce(4 + kinds.count / 8 + 1) { $0 + Self.bytesMax($1) }
    }

    /// Bytes of a value, or of the end of a text.
    private static func bytesMax(_ kind: ValueColumn.Kind) -> Int {
        switch kind {
        case .decimal: 16
        case .int64, .double, .microseconds: 8
        case .int32, .date, .text, .binary, .other: 4
        case .boolean: 1
        }
    }

    /// Takes the batches that rows are written of.
    public func open(_ batches: [ResultBatch]) {
        columns = batches.flatMap { batch in kinds.indices.map { ValueColumn(batch, $0) } }
        hasMissing = kinds.indices.map { place in
            batches.indices.contains { columns[$0 * kinds.count + place].hasMissing }
        }
    }

    /// Bytes of a stream at most, apart from its rows.
    public var fixedBytes: Int {
        metadata.bytes.count + ArrowMetadata.end.count
            // What buffers are filled up with, and the last end of texts.
            + fields.reduce(0) { $0 + $1.bufferCount * 8 }
    }

    /// Bytes that a row adds to a stream at most.
    public func bytes(batch: Int32, row: Int32) -> Int {
        let first = Int(batch) * kinds.count
        var sum = rowBytes
        for place in textColumns { sum += unsafe columns[first + place].bytes(Int(row)).count }
        return sum
    }

    /// Bytes that a row of a batch adds to a stream at most.
    public func bytesMax(_ batch: ResultBatch) -> Int { rowBytes + batch.textBytes }

    /// Appends a stream of some rows.
    ///
    /// - Precondition: `open` was called; `bytes` holds a multiple of 8 bytes.
    public func write(_ rows: Column<Row>, to bytes: Column<UInt8>) {
        precondition(bytes.count % 8 == 0, "a stream begins at a multiple of 8 bytes")
        let start = bytes.count
        unsafe metadata.bytes.withUnsafeBytes { unsafe bytes.append(contentsOf: $0) }
        var body = ArrowBody(bytes, numbers: start + metadata.buffers)
        for place in kinds.indices {
            let source = ArrowSource(columns, stride: kinds.count, place: place, rows: rows)
            let missing = hasMissing[place] ? body.appendValidity(source, isKept: fields[place].isNullable) : 0
            if missing == 0 { body.appendNone() }
            body.appendValues(source, kinds[place], zeroing: hasMissing[place])
            body.store(Int64(rows.count), at: start + metadata.nodes + 16 * place)
            body.store(Int64(missing), at: start + metadata.nodes + 16 * place + 8)
        }
        body.appendNone()
        body.append(rows.count, Int32.self) { rows[$0].number }
        body.store(Int64(rows.count), at: start + metadata.nodes + 16 * kinds.count)
        body.store(Int64(rows.count), at: start + metadata.rows)
        body.store(Int64(bytes.count - start - metadata.bytes.count), at: start + metadata.bodyBytes)
        unsafe ArrowMetadata.end.withUnsafeBytes { unsafe bytes.append(contentsOf: $0) }
    }
}
