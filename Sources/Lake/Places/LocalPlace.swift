public import Databases
internal import Foundation

/// A folder of this machine.
public final class LocalPlace: LakePlace {
    /// Absolute path, without links.
    public let url: String
    public var access: BucketAccess? { nil }

    /// A folder that is made once something is written.
    public init(_ path: String) { url = Self.resolve(path) }

    private init(below parent: LocalPlace, _ name: String) { url = "\(parent.url)/\(name)" }

    public func folder(_ name: String) -> any LakePlace { LocalPlace(below: self, name) }

    public func folders() throws(LakeError) -> [String] {
        try DurableFile.entries(in: url).filter(\.isFolder).map(\.name)
    }

    public func hasFolder(_ name: String) throws(LakeError) -> Bool { DurableFile.exists("\(url)/\(name)") }

    public func paths(below folder: String) throws(LakeError) -> [String] {
        var paths: [String] = []
        for (name, isFolder) in try DurableFile.entries(in: folder.isEmpty ? url : "\(url)/\(folder)") {
            let path = folder.isEmpty ? name : "\(folder)/\(name)"
            if isFolder {
                paths += try self.paths(below: path)
            } else {
                paths.append(path)
            }
        }
        return paths
    }

    public func find(_ path: String) throws(LakeError) -> PlacedFile? {
        guard let status = try? DurableFile.status("\(url)/\(path)") else { return nil }
        return PlacedFile(bytes: status.bytes, modifiedMs: status.modifiedMs)
    }

    public func read(_ path: String) throws(LakeError) -> [UInt8]? { try DurableFile.read("\(url)/\(path)") }

    public func create(_ path: String, _ bytes: [UInt8], writer: String) throws(LakeError) -> Bool {
        let temporary = Self.temporaryPath(beside: "\(url)/\(path)", writer)
        defer { DurableFile.remove(temporary) }
        try DurableFile.makeFolder(Self.parent(temporary))
        try DurableFile.write(bytes, to: temporary)
        guard try DurableFile.linkIfAbsent(temporary, to: "\(url)/\(path)") else { return false }
        try DurableFile.syncFolder(Self.parent(temporary))
        return true
    }

    public func replace(_ path: String, _ bytes: [UInt8], writer: String) throws(LakeError) {
        let temporary = Self.temporaryPath(beside: "\(url)/\(path)", writer)
        defer { DurableFile.remove(temporary) }
        try DurableFile.write(bytes, to: temporary)
        try DurableFile.rename(temporary, to: "\(url)/\(path)")
        try DurableFile.syncFolder(Self.parent(temporary))
    }

    public func remove(_ path: String) { DurableFile.remove("\(url)/\(path)") }

    public func draft(_ path: String) throws(LakeError) -> String {
        try DurableFile.makeFolder(Self.parent("\(url)/\(path)"))
        return "\(url)/\(path)"
    }

    public func keep(_ draft: String, as path: String) throws(LakeError) -> PlacedFile {
        let path = "\(url)/\(path)"
        try DurableFile.rename(draft, to: path)
        try DurableFile.syncFolder(Self.parent(path))
        let status = try DurableFile.status(path)
        return PlacedFile(bytes: status.bytes, modifiedMs: status.modifiedMs)
    }

    public func add(_ file: String, as path: String) throws(LakeError) -> PlacedFile {
        let draft = Self.temporaryPath(beside: "\(url)/\(path)", "copy")
        defer { DurableFile.remove(draft) }
        try DurableFile.makeFolder(Self.parent(draft))
        do {
            try FileManager.default.copyItem(atPath: file, toPath: draft)
        } catch {
            throw LakeError(.io, "cannot be copied to \(draft): \(error.localizedDescription)", operation: file)
        }
        try DurableFile.sync(draft)
        return try keep(draft, as: path)
    }

    public func removeDrafts(of writer: String, in folder: String) throws(LakeError) {
        for name in try DurableFile.names(in: "\(url)/\(folder)")
        where name.hasPrefix(".\(writer)-") && name.hasSuffix(".tmp") {
            DurableFile.remove("\(url)/\(folder)/\(name)")
        }
    }

    /// The path without links as far as it is there.
    private static func resolve(_ path: String) -> String {
        if let there = try? DurableFile.resolve(path) { return there }
        var parts = path.split(separator: "/").map(String.init)
        guard let last = parts.popLast() else { return path }
        let parent = (path.hasPrefix("/") ? "/" : "") + parts.joined(separator: "/")
        let above = resolve(parent.isEmpty ? "." : parent)
        return above.hasSuffix("/") ? above + last : "\(above)/\(last)"
    }

    /// A name that nobody else uses, for what is not complete yet.
    private static func temporaryPath(beside path: String, _ writer: String) -> String {
        "\(parent(path))/.\(writer)-\(UUID().uuidString).tmp"
    }

    private static func parent(_ path: String) -> String { String(path[..<(path.lastIndex(of: "/") ?? path.endIndex)]) }
}
