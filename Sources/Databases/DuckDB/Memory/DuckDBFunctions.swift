internal import Market
internal import Platform

/// The functions of DuckDB's C interface that a table function needs, found in the loaded library.
///
/// - Source: DuckDB 1.5, `duckdb.h`, "Table Functions", "Vector Interface", "Data Chunk Interface".
@safe
struct DuckDBFunctions: @unchecked Sendable {  // immutable function addresses
    /// Any of the interface's objects.
    typealias Handle = UnsafeMutableRawPointer
    typealias Destroy = @convention(c) (Handle?) -> Void
    typealias Callback = @convention(c) (Handle?) -> Void
    typealias ScanCallback = @convention(c) (Handle?, Handle?) -> Void
    private typealias TakesHandle = @convention(c) (Handle?) -> Void
    typealias ToHandle = @convention(c) (Handle?) -> Handle?
    typealias SetText = @convention(c) (Handle?, UnsafePointer<CChar>?) -> Void
    typealias SetData = @convention(c) (Handle?, Handle?, Destroy?) -> Void
    typealias SetCount = @convention(c) (Handle?, UInt64) -> Void

    let createTableFunction: @convention(c) () -> Handle?
    let destroyTableFunction: @convention(c) (UnsafeMutablePointer<Handle?>?) -> Void
    let setName: SetText
    let addParameter: @convention(c) (Handle?, Handle?) -> Void
    let setExtraInfo: SetData
    let setBind: @convention(c) (Handle?, Callback?) -> Void
    let setInit: @convention(c) (Handle?, Callback?) -> Void
    let setLocalInit: @convention(c) (Handle?, Callback?) -> Void
    let setFunction: @convention(c) (Handle?, ScanCallback?) -> Void
    let supportsProjection: @convention(c) (Handle?, Bool) -> Void
    let register: @convention(c) (Handle?, Handle?) -> CInt

    let createType: @convention(c) (CInt) -> Handle?
    let createDecimalType: @convention(c) (UInt8, UInt8) -> Handle?
    let destroyType: @convention(c) (UnsafeMutablePointer<Handle?>?) -> Void
    let bindExtraInfo: ToHandle
    let bindParameter: @convention(c) (Handle?, UInt64) -> Handle?
    let valueInt64: @convention(c) (Handle?) -> Int64
    let destroyValue: @convention(c) (UnsafeMutablePointer<Handle?>?) -> Void
    let bindAddColumn: @convention(c) (Handle?, UnsafePointer<CChar>?, Handle?) -> Void
    let bindSetData: SetData
    let bindSetCardinality: @convention(c) (Handle?, UInt64, Bool) -> Void
    let bindSetError: SetText
    let initExtraInfo: ToHandle
    let initBindData: ToHandle
    let initSetData: SetData
    let initColumnCount: @convention(c) (Handle?) -> UInt64
    let initColumnIndex: @convention(c) (Handle?, UInt64) -> UInt64
    let initSetMaxThreads: SetCount
    let functionBindData: ToHandle
    let functionInitData: ToHandle
    let functionLocalData: ToHandle

    let chunkVector: @convention(c) (Handle?, UInt64) -> Handle?
    let chunkSetSize: SetCount
    let vectorSize: @convention(c) () -> UInt64
    let createVector: @convention(c) (Handle?, UInt64) -> Handle?
    let destroyVector: @convention(c) (UnsafeMutablePointer<Handle?>?) -> Void
    let vectorData: ToHandle
    let vectorValidity: @convention(c) (Handle?) -> UnsafeMutablePointer<UInt64>?
    let vectorMakeValidity: @convention(c) (Handle?) -> Void
    let vectorSetBytes: @convention(c) (Handle?, UInt64, UnsafePointer<CChar>?, UInt64) -> Void
    let vectorReference: @convention(c) (Handle?, Handle?) -> Void
    let vectorSlice: @convention(c) (Handle?, Handle?, UInt64) -> Void
    let createSelection: @convention(c) (UInt64) -> Handle?
    let destroySelection: @convention(c) (Handle?) -> Void
    let selectionData: @convention(c) (Handle?) -> UnsafeMutablePointer<UInt32>?

    /// Versions whose interface, and whose hidden layout of a connection, this was written for.
    private static let version = "v1.5."

    /// - Throws: `unsupported` where the library is of another version.
    init(_ library: SharedLibrary) throws(DatabaseError) {
        do {
            let libraryVersion = try unsafe library.symbol(
                "duckdb_library_version", as: (@convention(c) () -> UnsafePointer<CChar>?).self)
            let found = unsafe libraryVersion().map { unsafe String(cString: $0) } ?? ""
            guard found.hasPrefix(Self.version) else {
                throw DatabaseError(
                    .unsupported, "DuckDB \(Self.version)x is needed, this is \(found)", operation: library.path)
            }
            func symbol<T>(_ name: String) throws(SharedLibraryError) -> T {
                try unsafe library.symbol("duckdb_" + name, as: T.self)
            }
            unsafe createTableFunction = try symbol("create_table_function")
            unsafe destroyTableFunction = try symbol("destroy_table_function")
            unsafe setName = try symbol("table_function_set_name")
            unsafe addParameter = try symbol("table_function_add_parameter")
            unsafe setExtraInfo = try symbol("table_function_set_extra_info")
            unsafe setBind = try symbol("table_function_set_bind")
            unsafe setInit = try symbol("table_function_set_init")
            unsafe setLocalInit = try symbol("table_function_set_local_init")
            unsafe setFunction = try symbol("table_function_set_function")
            unsafe supportsProjection = try symbol("table_function_supports_projection_pushdown")
            unsafe register = try symbol("register_table_function")
            unsafe createType = try symbol("create_logical_type")
            unsafe createDecimalType = try symbol("create_decimal_type")
            unsafe destroyType = try symbol("destroy_logical_type")
            unsafe bindExtraInfo = try symbol("bind_get_extra_info")
            unsafe bindParameter = try symbol("bind_get_parameter")
            unsafe valueInt64 = try symbol("get_int64")
            unsafe destroyValue = try symbol("destroy_value")
            unsafe bindAddColumn = try symbol("bind_add_result_column")
            unsafe bindSetData = try symbol("bind_set_bind_data")
            unsafe bindSetCardinality = try symbol("bind_set_cardinality")
            unsafe bindSetError = try symbol("bind_set_error")
            unsafe initExtraInfo = try symbol("init_get_extra_info")
            unsafe initBindData = try symbol("init_get_bind_data")
            unsafe initSetData = try symbol("init_set_init_data")
            unsafe initColumnCount = try symbol("init_get_column_count")
            unsafe initColumnIndex = try symbol("init_get_column_index")
            unsafe initSetMaxThreads = try symbol("init_set_max_threads")
            unsafe functionBindData = try symbol("function_get_bind_data")
            unsafe functionInitData = try symbol("function_get_init_data")
            unsafe functionLocalData = try symbol("function_get_local_init_data")
            unsafe chunkVector = try symbol("data_chunk_get_vector")
            unsafe chunkSetSize = try symbol("data_chunk_set_size")
            vectorSize = try symbol("vector_size")
            unsafe createVector = try symbol("create_vector")
            unsafe destroyVector = try symbol("destroy_vector")
            unsafe vectorData = try symbol("vector_get_data")
            unsafe vectorValidity = try symbol("vector_get_validity")
            unsafe vectorMakeValidity = try symbol("vector_ensure_validity_writable")
            unsafe vectorSetBytes = try symbol("vector_assign_string_element_len")
            unsafe vectorReference = try symbol("vector_reference_vector")
            unsafe vectorSlice = try symbol("slice_vector")
            unsafe createSelection = try symbol("create_selection_vector")
            unsafe destroySelection = try symbol("destroy_selection_vector")
            unsafe selectionData = try symbol("selection_vector_get_data_ptr")
        } catch let error as DatabaseError {
            throw error
        } catch {
            throw DatabaseError(
                .driverMissing, "this DuckDB lacks a part of its C interface", operation: library.path, cause: error)
        }
    }

    /// The interface's number of a column type.
    static func typeNumber(_ type: TableSchema.ColumnType) -> CInt {
        switch type {
        case .boolean: 1
        case .int32: 4
        case .int64: 5
        case .float64: 11
        case .date: 13
        case .string: 17
        case .binary: 18
        case .timestamp: 31
        case .decimal: 19
        }
    }

    /// Calls `body` with a logical type, and destroys it.
    func withType<T>(_ type: TableSchema.ColumnType, _ body: (Handle?) -> T) -> T {
        var handle =
            if case .decimal(let scale) = type {
                unsafe createDecimalType(UInt8(TableSchema.ColumnType.decimalDigits), UInt8(scale))
            } else {
                unsafe createType(Self.typeNumber(type))
            }
        defer { unsafe destroyType(&handle) }
        return unsafe body(handle)
    }
}
