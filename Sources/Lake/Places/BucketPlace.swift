public import Databases
internal import Foundation
public import Objects
internal import Platform

/// A folder of a bucket: commits are conditional puts, so that no two writers ever make the same version.
public final class BucketPlace: LakePlace {
    public let url: String
    public let access: BucketAccess?
    private let store: any ObjectStore
    /// What keys begin with: empty, or with a slash at the end.
    private let prefix: String
    /// Folder of this machine for what is not complete yet.
    private let scratch: String

    /// - Parameters:
    ///   - store: keeps the objects of the place.
    ///   - access: how a database reads the same bucket.
    ///   - scratch: folder of this program alone; made once something is written.
    public init(_ store: any ObjectStore, access: BucketAccess, scratch: String) throws(LakeError) {
        self.store = store
        self.access = access
        self.scratch = scratch
        url = access.scope
        prefix = ""
        for name in try DurableFile.names(in: scratch) where name.hasSuffix(Self.draftSuffix) {
            DurableFile.remove("\(scratch)/\(name)")
        }
    }

    private init(below parent: BucketPlace, _ name: String) {
        store = parent.store
        access = parent.access
        scratch = parent.scratch
        url = parent.url + "/" + name
        prefix = parent.prefix + name + "/"
    }

    private static let draftSuffix = ".draft"
    /// Bytes of a draft that are in memory at a time.
    private static let chunkBytes = 4 << 20

    public func folder(_ name: String) -> any LakePlace { BucketPlace(below: self, name) }

    public func folders() throws(LakeError) -> [String] {
        var names: [String] = []
        var after = ""
        while let key = try onStore({ () throws(ObjectError) in
            try store.list(prefix: prefix, after: after, limit: 1).objects.first?.key
        }) {
            let parts = key.dropFirst(prefix.count).split(
                separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else {
                after = key
                continue
            }
            names.append(String(parts[0]))
            // Behind all that can be in the folder.
            after = prefix + parts[0] + "/\u{10FFFF}"
        }
        return names
    }

    public func hasFolder(_ name: String) throws(LakeError) -> Bool {
        try onStore { () throws(ObjectError) in
            try !store.list(prefix: "\(prefix)\(name)/", after: "", limit: 1).objects.isEmpty
        }
    }

    public func paths(below folder: String) throws(LakeError) -> [String] {
        try onStore { () throws(ObjectError) in
            var paths: [String] = []
            var after: String? = ""
            while let last = after {
                let page = try store.list(
                    prefix: folder.isEmpty ? prefix : "\(prefix)\(folder)/", after: last, limit: ObjectPage.limitMax)
                paths += page.objects.map { String($0.key.dropFirst(prefix.count)) }
                after = page.next
            }
            return paths
        }
    }

    public func find(_ path: String) throws(LakeError) -> PlacedFile? {
        try onStore { () throws(ObjectError) in
            // A list says when an object was put, also where its head does not.
            let page = try store.list(prefix: prefix + path, after: "", limit: 1)
            guard let object = page.objects.first, object.key == prefix + path else { return nil }
            return PlacedFile(bytes: object.bytes, modifiedMs: (object.modified?.nanoseconds ?? .max) / 1_000_000)
        }
    }

    public func read(_ path: String) throws(LakeError) -> [UInt8]? {
        try onStore { () throws(ObjectError) in try store.get(prefix + path) }
    }

    public func create(_ path: String, _ bytes: [UInt8], writer: String) throws(LakeError) -> Bool {
        try onStore { () throws(ObjectError) in
            try store.putIfAbsent(prefix + path, bytes, type: "application/json")
        }
    }

    public func replace(_ path: String, _ bytes: [UInt8], writer: String) throws(LakeError) {
        try onStore { () throws(ObjectError) in try store.put(prefix + path, bytes, type: "application/json") }
    }

    public func remove(_ path: String) {
        do {
            try store.delete(prefix + path)
        } catch {
            Log.warning("a file of the lake cannot be removed; the next vacuum tries again", ["reason": "\(error)"])
        }
    }

    public func draft(_ path: String) throws(LakeError) -> String {
        try DurableFile.makeFolder(scratch)
        return "\(scratch)/\(UUID().uuidString)\(Self.draftSuffix)"
    }

    public func keep(_ draft: String, as path: String) throws(LakeError) -> PlacedFile {
        defer { DurableFile.remove(draft) }
        return try add(draft, as: path)
    }

    public func add(_ file: String, as path: String) throws(LakeError) -> PlacedFile {
        let source: File
        let bytes: Int64
        do throws(FileError) {
            source = try File(file, .read)
            bytes = try source.size
        } catch {
            throw LakeError(.io, "\(error)", operation: file)
        }
        try upload(source, bytes, to: path)
        return PlacedFile(bytes: bytes, modifiedMs: DeltaTable.nowMs())
    }

    private func upload(_ file: File, _ bytes: Int64, to path: String) throws(LakeError) {
        try onStore { () throws(ObjectError) in
            let upload = try store.upload(prefix + path, type: "application/vnd.apache.parquet")
            do throws(ObjectError) {
                var sent: Int64 = 0
                while sent < bytes {
                    let chunk: [UInt8]
                    do throws(FileError) {
                        chunk = try file.read(Int(min(bytes - sent, Int64(Self.chunkBytes))), at: sent)
                    } catch {
                        throw ObjectError(.unavailable, "\(error)", operation: path)
                    }
                    try upload.append(chunk)
                    sent += Int64(chunk.count)
                }
                try upload.finish()
            } catch {
                upload.abort()
                throw error
            }
        }
    }

    public func removeDrafts(of writer: String, in folder: String) throws(LakeError) {}

    private func onStore<T>(_ body: () throws(ObjectError) -> T) throws(LakeError) -> T {
        do {
            return try body()
        } catch {
            throw LakeError(.io, error.message, operation: error.operation, cause: error)
        }
    }
}
