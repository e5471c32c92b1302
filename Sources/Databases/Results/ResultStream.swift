internal import CADBC
internal import CPlatform

/// A column of a result.
public struct ResultColumn: Sendable, Equatable {
    public let name: String
    public let type: SQLType

    public init(name: String, type: SQLType) {
        self.name = name
        self.type = type
    }
}

/// The rows of a query, batch by batch, as the database computes them.
///
/// - Threading: that of its connection, which can run nothing else while this is alive and not at its end.
@safe
public final class ResultStream {
    /// Name and type of each column, in order.
    public let columns: [ResultColumn]
    let layouts: [ArrowLayout]
    private let statement: Statement
    private let stream: UnsafeMutablePointer<ArrowArrayStream>
    private let timer: QueryTimer?
    private var ended = false

    /// Takes over `stream`.
    init(
        _ stream: UnsafeMutablePointer<ArrowArrayStream>, of statement: Statement, timer: QueryTimer?
    ) throws(DatabaseError) {
        unsafe self.stream = stream
        self.statement = statement
        self.timer = timer
        do throws(DatabaseError) {
            layouts = try unsafe Self.layouts(stream, statement.text)
        } catch {
            unsafe Self.close(stream)
            throw timer?.refine(error) ?? error
        }
        columns = layouts.map { ResultColumn(name: $0.name, type: $0.type) }
    }

    deinit {
        timer?.finish()
        unsafe Self.close(stream)
    }

    private static func layouts(
        _ stream: UnsafeMutablePointer<ArrowArrayStream>, _ operation: String
    ) throws(DatabaseError) -> [ArrowLayout] {
        var schema = unsafe ArrowSchema()
        let status = unsafe stream.pointee.get_schema(stream, &schema)
        guard status == 0 else { throw unsafe Self.error(stream, status, operation) }
        defer { unsafe schema.release?(&schema) }
        return try unsafe ArrowLayout.fields(of: schema, operation: operation)
    }

    private static func close(_ stream: UnsafeMutablePointer<ArrowArrayStream>) {
        unsafe stream.pointee.release?(stream)
        unsafe stream.deallocate()
    }

    private static func error(
        _ stream: UnsafeMutablePointer<ArrowArrayStream>, _ status: CInt, _ operation: String
    ) -> DatabaseError {
        let message =
            unsafe stream.pointee.get_last_error?(stream).map { unsafe String(cString: $0) } ?? "errno \(status)"
        return DatabaseError(
            DatabaseError.Code(status: UInt8(ADBC_STATUS_INTERNAL), message: message), message, operation: operation)
    }

    /// Gives the rows that are left to whoever moves the stream's content out; there are none here afterwards.
    func handOver(
        _ body: (UnsafeMutablePointer<ArrowArrayStream>) throws(DatabaseError) -> Void
    ) throws(DatabaseError) {
        ended = true
        try unsafe body(stream)
    }

    /// The next batch; nil at the end.
    public func next() throws(DatabaseError) -> ResultBatch? {
        guard !ended else { return nil }
        let array = UnsafeMutablePointer<ArrowArray>.allocate(capacity: 1)
        unsafe array.initialize(to: ArrowArray())
        let status = unsafe stream.pointee.get_next(stream, array)
        guard status == 0 else {
            unsafe array.deallocate()
            ended = true
            let error = unsafe Self.error(stream, status, statement.text)
            throw timer?.refine(error) ?? error
        }
        guard unsafe array.pointee.release != nil else {
            unsafe array.deallocate()
            ended = true
            timer?.finish()
            return nil
        }
        return unsafe ResultBatch(array, layouts)
    }

    /// Reads rows up to the limits, all of them by default.
    ///
    /// - Parameter bytes: upper bound of the rows as JSON, roughly.
    public func collect(rows limit: Int = .max, bytes: Int = .max) throws(DatabaseError) -> QueryResult {
        var rows: [[SQLValue]] = []
        var size = 0
        while let batch = try next() {
            for row in 0..<batch.count {
                guard rows.count < limit, size < bytes else {
                    return QueryResult(columns: columns, rows: rows, isTruncated: true)
                }
                let values = batch.row(row)
                if bytes != .max { size += values.reduce(2) { $0 + $1.approximateBytes } }
                rows.append(values)
            }
        }
        return QueryResult(columns: columns, rows: rows, isTruncated: false)
    }
}

/// Rows of a result.
///
/// - Threading: any thread; it stays valid after its stream is gone.
@safe
public final class ResultBatch: @unchecked Sendable {  // immutable after init
    /// Rows.
    public let count: Int
    let layouts: [ArrowLayout]
    let array: UnsafeMutablePointer<ArrowArray>

    init(_ array: UnsafeMutablePointer<ArrowArray>, _ layouts: [ArrowLayout]) {
        unsafe self.array = array
        self.layouts = layouts
        count = unsafe Int(array.pointee.length)
    }

    deinit {
        unsafe array.pointee.release?(array)
        unsafe array.deallocate()
    }

    /// The value in a row and column.
    public func value(row: Int, column: Int) -> SQLValue {
        precondition(row >= 0 && row < count, "row out of range")
        guard let child = unsafe array.pointee.children[column] else { return .null }
        return unsafe layouts[column].value(child.pointee, row + Int(array.pointee.offset))
    }

    /// All values of a row.
    public func row(_ row: Int) -> [SQLValue] { layouts.indices.map { value(row: row, column: $0) } }
}

/// The rows of a query, all in memory.
public struct QueryResult: Sendable {
    public let columns: [ResultColumn]
    public let rows: [[SQLValue]]
    /// True where a limit cut rows off.
    public let isTruncated: Bool

    public init(columns: [ResultColumn], rows: [[SQLValue]], isTruncated: Bool) {
        self.columns = columns
        self.rows = rows
        self.isTruncated = isTruncated
    }
}

extension SQLValue {
    /// Bytes of the value as JSON, roughly.
    var approximateBytes: Int {
        switch self {
        case .null, .boolean: 5
        case .integer, .unsigned, .double, .decimal: 12
        case .text(let value): value.utf8.count + 3
        case .binary(let value): value.count * 4 / 3 + 3
        case .date, .time, .timestamp, .interval: 24
        case .list(let values): values.reduce(2) { $0 + $1.approximateBytes }
        case .structure(let fields): fields.reduce(2) { $0 + $1.name.utf8.count + 4 + $1.value.approximateBytes }
        }
    }
}
