public import Databases

/// Where tables are kept: a folder of this machine, or one of a bucket.
///
/// Paths are relative to the place, with `/` between their parts. What was kept is durable when a call returns.
/// - Threading: any thread, and several programs.
public protocol LakePlace: AnyObject, Sendable {
    /// What SQL and people call it: an absolute path, or `s3://BUCKET/FOLDER`.
    var url: String { get }
    /// What a database needs to read it; nil where it needs nothing.
    var access: BucketAccess? { get }

    /// The place that a folder of this one is; it need not be there.
    func folder(_ name: String) -> any LakePlace
    /// Names of the folders that are directly in it, in no order.
    func folders() throws(LakeError) -> [String]
    /// Whether there is a folder with something in it.
    func hasFolder(_ name: String) throws(LakeError) -> Bool
    /// All files below a folder (empty for the place itself), in no order; none where there is no such folder.
    func paths(below folder: String) throws(LakeError) -> [String]
    /// What is known of a file; nil where there is none.
    func find(_ path: String) throws(LakeError) -> PlacedFile?
    /// The bytes of a file; nil where there is none.
    func read(_ path: String) throws(LakeError) -> [UInt8]?

    /// Keeps a file unless there is one, as one step: of several that try at once, one succeeds.
    ///
    /// - Parameter writer: marks what a crash may leave behind.
    /// - Returns: false where there is another.
    func create(_ path: String, _ bytes: [UInt8], writer: String) throws(LakeError) -> Bool
    /// Keeps a file, in place of the one that is there; nobody ever sees a part of it.
    func replace(_ path: String, _ bytes: [UInt8], writer: String) throws(LakeError)
    /// Removes a file; there need not be one. What cannot be removed stays for the next vacuum.
    func remove(_ path: String)

    /// A file of this machine to write something large to, before `keep` makes it a file of the place.
    func draft(_ path: String) throws(LakeError) -> String
    /// Keeps a copy of a file of this machine under a path that nobody else uses.
    func add(_ file: String, as path: String) throws(LakeError) -> PlacedFile
    /// Makes a draft, which is complete and durable, the file of a path that nobody else uses.
    func keep(_ draft: String, as path: String) throws(LakeError) -> PlacedFile
    /// Removes what `create`, `replace` and `draft` of this writer left behind in a folder at a crash.
    func removeDrafts(of writer: String, in folder: String) throws(LakeError)
}

/// A file of a place.
public struct PlacedFile: Sendable, Equatable {
    public let bytes: Int64
    /// When it was changed last, in milliseconds since 1970.
    public let modifiedMs: Int64

    public init(bytes: Int64, modifiedMs: Int64) {
        self.bytes = bytes
        self.modifiedMs = modifiedMs
    }
}

extension LakePlace {
    /// Whether it is asked over a network: then a `create` that failed may still come about, even after the end of the
    /// program that asked for it.
    var isRemote: Bool { access != nil }

    /// How many requests at once are faster than one after the other.
    var requestsAtOnce: Int { isRemote ? 16 : 1 }

    /// The path of a file as SQL names it.
    func location(_ path: String) -> String { url + "/" + path }

    /// A database that reads this place, and nothing else where it is confined.
    ///
    /// - Parameters:
    ///   - other: a place that it reads, too.
    ///   - confined: whether SQL may come from users.
    func database(
        _ settings: DuckDBSettings, and other: (any LakePlace)? = nil, confined: Bool = false
    ) throws(LakeError) -> Database {
        var settings = settings
        let places: [any LakePlace] = [self] + (other.map { [$0] } ?? [])
        settings.buckets = places.compactMap(\.access)
        if confined { settings.confinedTo = places.map { $0.url + "/" } }
        return try onDatabase("open \(url)") { () throws(DatabaseError) in try Database.duckDB(settings) }
    }
}
