public import Platform

/// Where objects are kept under keys: a bucket, or a folder. Keys are relative to the place that the store was made for.
///
/// What was put is durable when the call returns, and is then what `get`, `head` and `list` see.
/// - Threading: any thread; calls wait for their answer.
public protocol ObjectStore: AnyObject, Sendable, CustomStringConvertible {
    /// Keeps an object, in place of the one that is there; nobody ever sees a part of it.
    ///
    /// - Parameter type: its media type, for stores that keep one.
    func put(_ key: String, _ content: [UInt8], type: String) throws(ObjectError)

    /// Keeps an object unless there is one, as one step: of several that try at once, one succeeds.
    ///
    /// Where an answer was lost, what is there afterwards decides: the same bytes count as put. So writers that must know
    /// which of them it was put something of their own into the content.
    /// - Returns: false where there is another object.
    func putIfAbsent(_ key: String, _ content: [UInt8], type: String) throws(ObjectError) -> Bool

    /// Begins an object that need not fit into memory.
    func upload(_ key: String, type: String) throws(ObjectError) -> any ObjectUpload

    /// The bytes of an object; nil where there is none.
    ///
    /// - Parameter range: the part that is wanted; it may reach beyond the end. nil for all of it.
    func get(_ key: String, range: Range<Int64>?) throws(ObjectError) -> [UInt8]?

    /// What is known about an object; nil where there is none.
    func head(_ key: String) throws(ObjectError) -> ObjectSummary?

    /// Objects in the order of their keys' bytes.
    ///
    /// - Parameters:
    ///   - prefix: their keys begin with it.
    ///   - after: their keys come after it; empty for all.
    ///   - limit: at most so many, and at most 1000.
    func list(prefix: String, after: String, limit: Int) throws(ObjectError) -> ObjectPage

    /// Removes an object; there need not be one.
    func delete(_ key: String) throws(ObjectError)
}

extension ObjectStore {
    /// The bytes of an object; nil where there is none.
    public func get(_ key: String) throws(ObjectError) -> [UInt8]? { try get(key, range: nil) }
}

/// An object that grows until it is finished; before, nobody sees it.
///
/// - Threading: one thread at a time.
public protocol ObjectUpload: AnyObject {
    /// Adds bytes. After an error, only `abort` is left.
    func append(_ bytes: [UInt8]) throws(ObjectError)
    /// Makes it the object of its key, in place of the one that is there.
    func finish() throws(ObjectError)
    /// Gives it up; what was sent is removed.
    func abort()
}

/// What a store knows about an object.
public struct ObjectSummary: Sendable, Equatable {
    public let key: String
    public let bytes: Int64
    /// Stands for the content: it changes with it. An ETag without its quotes, where the store has those.
    public let tag: String
    /// When it was put, where the store said so: in lists.
    public let modified: Timestamp?

    public init(key: String, bytes: Int64, tag: String, modified: Timestamp? = nil) {
        self.key = key
        self.bytes = bytes
        self.tag = tag
        self.modified = modified
    }
}

/// A part of a list of objects.
public struct ObjectPage: Sendable, Equatable {
    public let objects: [ObjectSummary]
    /// What the next part comes after; nil where there is none.
    public let next: String?

    public init(objects: [ObjectSummary], next: String?) {
        self.objects = objects
        self.next = next
    }

    /// Objects of a page at most.
    public static let limitMax = 1000
}

/// Why something did not work with a store. Holds no secrets.
public struct ObjectError: Error, Sendable, CustomStringConvertible {
    /// What kind of failure it is.
    public enum Kind: String, Sendable {
        /// It may work later.
        case unavailable
        /// Credentials are missing, refused, or do not allow it: a person has to change something.
        case denied
        /// The bucket does not exist: a person has to change something.
        case missing
        /// The store does not take this.
        case refused
        /// The answer is not what the protocol says.
        case malformed
    }

    public let kind: Kind
    /// What happened, in one line.
    public let message: String
    /// What was tried, for example `PUT s3://bucket/key`.
    public let operation: String

    public init(_ kind: Kind, _ message: String, operation: String) {
        self.kind = kind
        self.message = message
        self.operation = operation
    }

    public var description: String { "\(operation): \(message)" }
}
