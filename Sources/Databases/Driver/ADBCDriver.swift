internal import CADBC
internal import CPlatform
public import Platform

/// A database driver loaded at run time: any library with an ADBC entry point.
///
/// Drivers are never unloaded: their threads and allocators outlive every handle.
/// - Threading: any thread.
/// - Source: Apache Arrow ADBC specification 1.1.0, `adbc.h`.
@safe
public final class ADBCDriver: @unchecked Sendable {  // the function table is written once, in init
    /// Where it was loaded from.
    public let path: String
    let functions: UnsafeMutablePointer<AdbcDriver>

    /// Initialises the driver of `library` through its C function `entryPoint`.
    ///
    /// - Throws: `driverMissing` where there is no such function, or what the driver reports.
    public init(_ library: SharedLibrary, entryPoint: String = "AdbcDriverInit") throws(DatabaseError) {
        typealias Entry = @convention(c) (CInt, UnsafeMutableRawPointer?, UnsafeMutablePointer<AdbcError>?) -> UInt8
        path = library.path
        let entry: Entry
        do {
            unsafe entry = try unsafe library.symbol(entryPoint, as: Entry.self)
        } catch {
            throw DatabaseError(.driverMissing, "not an ADBC driver", operation: library.path, cause: error)
        }
        unsafe functions = .allocate(capacity: 1)
        unsafe functions.initialize(to: AdbcDriver())
        let table = unsafe functions
        try unsafe Self.check("initialise driver \(path)") { error in
            unsafe entry(CInt(ADBC_VERSION_1_1_0), table, error)
        }
    }

    deinit { unsafe functions.deallocate() }

    /// Runs one driver function and turns its status into an error.
    static func check(
        _ operation: String, _ body: (UnsafeMutablePointer<AdbcError>) -> AdbcStatusCode
    ) throws(DatabaseError) {
        var error = unsafe AdbcError()
        let status = unsafe withUnsafeMutablePointer(to: &error) { unsafe body($0) }
        guard status != UInt8(ADBC_STATUS_OK) else { return }
        let message = unsafe error.message.map { unsafe String(cString: $0) } ?? "status \(status)"
        let state = unsafe withUnsafeBytes(of: error.sqlstate) {
            unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
        }
        if let release = unsafe error.release {
            unsafe withUnsafeMutablePointer(to: &error) { unsafe release($0) }
        }
        throw DatabaseError(
            DatabaseError.Code(status: status, message: message, sqlState: state), message, operation: operation)
    }
}

extension DatabaseError.Code {
    /// The code of a driver's status; the text refines what the status leaves open.
    ///
    /// - Parameter sqlState: five characters (SQL standard, part 2, "SQLSTATE"); empty where the driver has none.
    init(status: AdbcStatusCode, message: String, sqlState: String = "") {
        if let known = Self.states.first(where: { sqlState.hasPrefix($0.start) }) {
            self = known.code
            return
        }
        if let known = Self.prefixes.first(where: { message.hasPrefix($0.text) }) {
            self = known.code
            return
        }
        switch CInt(status) {
        case ADBC_STATUS_CANCELLED: self = .cancelled
        case ADBC_STATUS_TIMEOUT: self = .timeout
        case ADBC_STATUS_NOT_FOUND: self = .binding
        case ADBC_STATUS_IO: self = .io
        case ADBC_STATUS_INVALID_ARGUMENT: self = .invalidArgument
        case ADBC_STATUS_NOT_IMPLEMENTED: self = .unsupported
        case ADBC_STATUS_UNAUTHENTICATED, ADBC_STATUS_UNAUTHORIZED: self = .notPermitted
        default: self = .database
        }
    }

    /// Classes of SQLSTATE, and single ones before their class: PostgreSQL's manual, appendix A.
    private static let states: [(start: String, code: DatabaseError.Code)] = [
        ("08", .io), ("57014", .cancelled), ("57P", .io), ("53200", .outOfMemory), ("53", .io), ("58", .io),
        ("28", .notPermitted), ("42501", .notPermitted), ("42601", .syntax), ("42", .binding), ("40", .conflict),
        ("55P03", .conflict), ("22", .invalidArgument), ("23", .invalidArgument), ("0A", .unsupported),
    ]

    /// How DuckDB names its errors; its ADBC driver reports nearly all of them with one status.
    private static let prefixes: [(text: String, code: DatabaseError.Code)] = [
        ("Parser Error", .syntax), ("Binder Error", .binding), ("Catalog Error: Table", .binding),
        ("Catalog Error: Scalar", .binding), ("Catalog Error: Aggregate", .binding), ("INTERRUPT", .cancelled),
        ("Interrupt", .cancelled), ("Out of Memory Error", .outOfMemory), ("IO Error", .io), ("HTTP Error", .io),
        ("Permission Error", .notPermitted), ("Conversion Error", .invalidArgument),
        ("Invalid Input Error", .invalidArgument), ("Out of Range Error", .invalidArgument),
        ("TransactionContext Error: Catalog write-write conflict", .conflict),
        ("TransactionContext Error: Conflict", .conflict), ("Catalog Error: Could not commit", .conflict),
    ]
}
